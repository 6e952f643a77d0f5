#!/usr/bin/env python3
"""Instructions per command, counted by callgrind, beside those recorded in bench/instructions.txt.

The program that is counted (bench/command_guard.cc) fixes hash keys, generators and clock, so that a count does not hang on the machine's
load; it does hang on compiler and libraries, which is why the file names them. A rise of more than 5 % fails and names the commands. A fall of
more is printed: record it (--record), or the next rise up to the old count goes unnoticed.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

import page
from servers import RELEASE, ROOT

RECORD = ROOT / "bench/instructions.txt"
RISE = 0.05
HEAD = """# Instructions per request, by `make bench-guard`; `make bench-guard ARGS=--record` writes this anew. A change of more than 5 % needs a word in the
# commit that records it. Counted with:
"""


def toolchain():
    words = []
    for command in (["c++", "--version"], ["valgrind", "--version"], ["ldd", "--version"]):
        words.append(subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()[0])
    return ", ".join(words)


def count(options):
    """{command: instructions per request}"""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["valgrind", "--tool=callgrind", "--collect-atstart=no", "--instr-atstart=no", f"--callgrind-out-file={folder}/out",
                               str(options.program), "--scale", str(options.scale), *options.commands], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(done.stdout + done.stderr)
        requests = {line.split()[0]: int(line.split()[1]) for line in done.stdout.splitlines()}
        counts = {}
        for path in pathlib.Path(folder).iterdir():
            text = path.read_text(encoding="utf-8", errors="replace")
            name = re.search(r"^desc: Trigger: Client Request: (\S+)", text, re.MULTILINE)
            if name:
                counts[name.group(1)] = int(re.search(r"^totals: (\d+)", text, re.MULTILINE).group(1))
    return {name: counts[name] / requests[name] for name in requests}


def recorded():
    lines = RECORD.read_text(encoding="utf-8").splitlines()
    return {line.split()[0]: float(line.split()[1]) for line in lines if line and not line.startswith("#")}


def compare(counts, before):
    """Lines to print, and the names of those that rose."""
    lines, rose = [], []
    for name, instructions in counts.items():
        old = before.get(name)
        if old is None:
            lines.append(f"{name:20} {instructions:9.0f}  not recorded")
            rose.append(name)
            continue
        change = instructions / old - 1
        verdict = "ROSE" if change > RISE else "fell: record it" if change < -RISE else ""
        lines.append(f"{name:20} {instructions:9.0f}  {old:9.0f}  {change:+7.1%}  {verdict}")
        if change > RISE:
            rose.append(name)
    return lines, rose


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commands", nargs="*", help="all when none is named")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--scale", type=float, default=1, help="of the number of requests; the record is of 1")
    parser.add_argument("--program", default=RELEASE / "bench/tusk-guard")
    options = parser.parse_args()
    counts = count(options)
    if options.record:
        merged = {**(recorded() if options.commands and RECORD.exists() else {}), **counts}
        page.write(RECORD, HEAD + f"# {toolchain()}\n" + "".join(f"{name} {value:.0f}\n" for name, value in merged.items()))
    lines, rose = compare(counts, recorded())
    print("\n".join(lines))
    if rose:
        print(f"more than {RISE:.0%} above the record: {', '.join(rose)}", file=sys.stderr)
    return 1 if rose else 0


if __name__ == "__main__":
    sys.exit(main())
