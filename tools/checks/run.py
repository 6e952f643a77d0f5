#!/usr/bin/env python3
"""The house's checks. `run.py [--report] [check ...]`: prints file:line of each broken rule, exits 1 if there is one."""

import argparse
import importlib
import sys

from source import read_tree

CHECKS = ["layers", "sizes", "headers", "banned", "debt", "words", "links"]


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--report", action="store_true", help="print the figures behind the checks, too")
    options.add_argument("checks", nargs="*", default=CHECKS)
    options = options.parse_args()
    tree = read_tree()
    broken = 0
    for name in options.checks:
        module = importlib.import_module(name)
        findings = list(module.check(tree))
        for finding in findings:
            print(finding)
        broken += len(findings)
        if options.report and hasattr(module, "report"):
            for line in module.report(tree):
                print(f"{name}: {line}")
    print(f"house: {len(options.checks)} checks, {len(tree)} files, {broken} findings")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
