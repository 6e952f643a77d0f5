#!/usr/bin/env python3
"""What it costs when clients want the same: one hot key, few keys, many, with one worker and with two, and redis-server beside it.

Rounds are interleaved over servers; figures are medians. `parked` is INFO's commands_parked: commands that found their stripe busy, spun, and
rested until its holder let go, per million requests. Writes docs/benchmarks/contention.md.
"""

import argparse
import contextlib
import os
import statistics
import sys

import page
from load import load, measured_load
from servers import ROOT, TUSK, MeasuredServer, contestants

CASES = [  # Name, number of keys, commands.
    ("INCR of one key", 1, ["INCR hot:__key__"]),
    ("INCR of 16 keys", 16, ["INCR hot:__key__"]),
    ("INCR of a million keys", 1_000_000, ["INCR hot:__key__"]),
    ("GET of one key", 1, ["GET hot:__key__"]),
    ("LPUSH and RPOP on one list", 1, ["LPUSH list:__key__ __value__", "RPOP list:__key__"]),
    ("XADD to one stream", 1, ["XADD stream:__key__ MAXLEN ~ 1000 * field __value__"]),
]
DEPTH = 16


def parked(server):
    lines = bytes(server.call("INFO", "all")).decode().splitlines()
    return next((int(line.split(":")[1]) for line in lines if line.startswith("commands_parked:")), None)


def sample(server, keys, commands, options):
    before = parked(server)
    figures = measured_load(server, "--connections", 50, "--pipeline", DEPTH, "--seconds", options.seconds, "--keys", keys, *commands)
    figures["parked"] = None if before is None else (parked(server) - before) * 1e6 / figures["requests"]
    return figures


def run(options):
    wanted = [(f"{name}, {workers} worker{'s' if workers > 1 else ''}", binary, {"io-threads": str(workers)})
              for name, binary, _ in contestants(options.tusk, {}) if name == "tusk" for workers in options.workers]
    wanted += [contestant for contestant in contestants(options.tusk, {}) if contestant[0] == "redis"]
    samples = {}
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(MeasuredServer(*one)) for one in wanted]
        for server in servers:
            load(server, "--requests", 1_000_000, "--sequential", 0, "--pipeline", 64, "INCR hot:__key__")
        for number in range(options.rounds):
            for what, keys, commands in CASES:
                for server in servers if number % 2 == 0 else servers[::-1]:
                    samples.setdefault((what, server.name), []).append(sample(server, keys, commands, options))
            print(f"round {number + 1} of {options.rounds} done", file=sys.stderr, flush=True)
    return servers, samples


def parse_options():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=1)
    options.add_argument("--workers", type=lambda text: [int(n) for n in text.split(",")], default=[1, min(os.cpu_count(), 8)])
    options.add_argument("--no-page", action="store_true")
    options.add_argument("--tusk", default=TUSK)
    return options.parse_args()


def main():
    options = parse_options()
    servers, samples = run(options)
    rows = []
    for (what, name), results in samples.items():
        median = {figure: statistics.median(found[figure] or 0 for found in results) for figure in ("rps", "cpu_us", "p99_us", "parked")}
        rows.append((what, name, f"{median['rps']:,.0f}", page.number(median["cpu_us"]), page.number(median["p99_us"]),
                     "" if results[0]["parked"] is None else f"{median['parked']:.1f}"))
    lines = ["# When all want the same", "", "Written by `make bench-contention`; not edited by hand.", "", *page.environment(servers),
             f"- 50 connections, depth {DEPTH}, server and load unpinned on all cores, medians of {options.rounds} interleaved rounds of {options.seconds} s", "",
             *page.table(("<load", "<server", "requests/s", "server CPU µs", "p99 µs", "parked per million"), rows), ""]
    print("\n".join(lines))
    if not options.no_page:
        page.write(ROOT / "docs/benchmarks/contention.md", "\n".join(lines))


if __name__ == "__main__":
    main()
