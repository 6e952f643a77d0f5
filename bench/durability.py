#!/usr/bin/env python3
"""What an append log costs: SET with the log off, synced by seconds, and synced before each reply, beside redis-server.

One server runs at a time, unpinned, with the load generator on the same cores; rounds are interleaved over servers and
settings, and the figures are medians. Log and data lie in the directory of --dir, whose disk is what is measured: the page
says how many syncs of 100 bytes a second it does. Writes docs/benchmarks/durability.md.
"""

import os
import statistics
import sys
import tempfile
import time

import page
from load import load
from options import disk_options
from servers import MeasuredServer, contestants

CASES = [  # Name, pipeline, settings.
    ("log off", 1, {"appendonly": "no"}),
    ("always", 1, {"appendonly": "yes", "appendfsync": "always"}),
    ("log off", 16, {"appendonly": "no"}),
    ("everysec", 16, {"appendonly": "yes", "appendfsync": "everysec"}),
]
WANTED = {("always", 1): 0.75, ("everysec", 16): 0.90}  # Of log off at the same depth.
PROBE_SECONDS = 1.0


def syncs_per_second(directory):
    """Appends of 100 bytes, each followed by fdatasync."""
    with tempfile.NamedTemporaryFile(dir=directory) as file:
        count, end = 0, time.monotonic() + PROBE_SECONDS
        while time.monotonic() < end:
            os.write(file.fileno(), b"x" * 100)
            os.fdatasync(file.fileno())
            count += 1
        return count / PROBE_SECONDS


def measure(options, contestant, pipeline, settings):
    name, binary, own = contestant
    with tempfile.TemporaryDirectory(dir=options.dir) as folder:
        server = MeasuredServer(name, binary, {"auto-aof-rewrite-percentage": "0", **own, **settings})
        server.dir = folder
        with server:
            figures = load(server, "--connections", options.connections, "--pipeline", pipeline, "--seconds", options.seconds,
                           "--keys", options.keys, "SET key:__key__ __value__", binary=options.load)
            server.stop()
    return figures


def run_rounds(options, wanted):
    samples = {}
    for number in range(options.rounds):
        for case, pipeline, settings in CASES:
            for contestant in wanted if number % 2 == 0 else wanted[::-1]:
                result = measure(options, contestant, pipeline, settings)
                samples.setdefault((contestant[0], case, pipeline), []).append(result)
        print(f"round {number + 1} of {options.rounds} done", file=sys.stderr, flush=True)
    figures = ("rps", "p50_us", "p99_us", "p999_us")
    return {row: {figure: statistics.median(result[figure] for result in results) for figure in figures}
            for row, results in samples.items()}


def table(rows):
    lines = ["| server | log | pipeline | SET/s | of log off | p50 µs | p99 µs | p99.9 µs |", "|---|---|--:|--:|--:|--:|--:|--:|"]
    verdict = []
    for (name, case, pipeline), row in sorted(rows.items(), key=lambda item: (item[0][2], item[0][1] != "log off", item[0][0] != "tusk")):
        share = row["rps"] / rows[name, "log off", pipeline]["rps"]
        lines.append(f"| {name} | {case} | {pipeline} | {row['rps']:,.0f} | {share:.0%} | {row['p50_us']:,.0f} | {row['p99_us']:,.0f} | "
                     f"{row['p999_us']:,.0f} |")
        if name == "tusk" and (case, pipeline) in WANTED:
            wanted = WANTED[case, pipeline]
            verdict.append(f"- `{case}` at pipeline {pipeline}: {share:.0%} of log off, wanted {wanted:.0%}: {'met' if share >= wanted else 'missed'}.")
    return lines + [""] + verdict


def parse_options():
    parser = disk_options(__doc__, "durability.md", keys=100_000, seconds=3)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def main():
    options = parse_options()
    wanted = contestants(options.tusk, {})
    lines = ["# What an append log costs", "", "Printed by `bench/durability.py`; not edited by hand.", "",
            *page.environment([MeasuredServer(*contestant) for contestant in wanted]),
            f"- load average {os.getloadavg()[0]:.1f} at the start",
            f"- the disk does {syncs_per_second(options.dir):,.0f} syncs a second, one after the other",
            f"- {options.connections} connections, medians of {options.rounds} interleaved rounds of {options.seconds} s, server and load unpinned", ""]
    lines += table(run_rounds(options, wanted))
    print("\n".join(lines))
    if len(wanted) > 1 and not options.no_page:
        page.write(options.page, "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
