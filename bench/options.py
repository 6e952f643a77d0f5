"""The options that measurements of files on a disk share."""

import argparse
import pathlib

from load import LOAD
from servers import ROOT, TUSK


def disk_options(description, name, keys, seconds):
    """A parser with them; `name` is that of the page in docs/benchmarks, the numbers are defaults."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=keys)
    parser.add_argument("--seconds", type=float, default=seconds)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--dir", default=str(ROOT / "build"), help="where the files lie: a real disk")
    parser.add_argument("--tusk", default=TUSK)
    parser.add_argument("--load", default=LOAD)
    parser.add_argument("--page", default=ROOT / "docs/benchmarks" / name, type=pathlib.Path)
    parser.add_argument("--no-page", action="store_true", help="print only")
    return parser
