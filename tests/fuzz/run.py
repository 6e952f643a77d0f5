#!/usr/bin/env python3
"""Runs each fuzz program for a while, from its own corpus, and stops at the first input that breaks one.

The corpus stays under build/, so that a later run goes on where this one ended. A breaking input is printed and kept; run
the program on that file to see it again.
"""

import argparse
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# A few well-formed inputs per program: without them the first minutes go into finding the first valid byte.
SEEDS = ROOT / "tests/fuzz/seeds"


def run(program, options):
    corpus = program.parent / "corpus" / program.name
    corpus.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([program, f"-max_total_time={options.seconds}", "-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1",
                           f"-artifact_prefix={program.parent}/{program.name}-", corpus, SEEDS / program.name],
                          capture_output=True, text=True, errors="replace", check=False)
    runs = next((line.split()[-1] for line in done.stderr.splitlines() if "number_of_executed_units" in line), "?")
    print(f"{program.name}: {runs} inputs, {'clean' if done.returncode == 0 else 'BROKEN'}", flush=True)
    if done.returncode != 0:
        print(done.stderr[-4000:])
    return done.returncode == 0


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=int, default=60, help="for each program")
    options.add_argument("--build", type=pathlib.Path, default=ROOT / "build/fuzz/fuzz")
    options.add_argument("programs", nargs="*", help="names; all when none is given")
    options = options.parse_args()
    programs = sorted(path for path in options.build.glob("*_fuzz") if not options.programs or path.name in options.programs)
    if not programs:
        raise SystemExit(f"no fuzz programs in {options.build}: use `make fuzz`")
    broken = sum(not run(program, options) for program in programs)
    print(f"fuzz: {len(programs)} programs, {broken} broken")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
