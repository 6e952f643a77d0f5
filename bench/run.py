#!/usr/bin/env python3
"""GET and SET side by side with Debian's redis-server, and what a key costs in memory.

Both servers run at once, pinned to core 0; the load generator has core 1. Rounds are interleaved (each row is measured on
one server and at once on the other, the order swapped each round), and the figures are medians over the rounds. CPU is the
server's own user and system time from /proc/PID/stat over the row's requests. Writes a page to docs/benchmarks/.
"""

import argparse
import contextlib
import pathlib
import statistics
import sys

import page
from latency import measure_latency
from load import LOAD
from load import load as run_load
from servers import ROOT, TUSK, MeasuredServer, contestants

KEY = "key:__key__"  # 16 bytes: four and twelve digits.
VALUE_BYTES = 32
PIPELINES = (1, 16, 64)
REQUESTS = {"GET": f"GET {KEY}", "SET": f"SET {KEY} __value__"}
SERVER_CORE, LOAD_CORE = 0, 1


def load(options, server, *arguments):
    return run_load(server, "--value-bytes", VALUE_BYTES, *arguments, core=LOAD_CORE, binary=options.load)


def fill(options, server):
    """Bytes per key by resident memory and by the server's own account."""
    before = server.rss_bytes(), server.used_memory()
    load(options, server, "--requests", options.keys, "--sequential", 0, "--pipeline", 64, REQUESTS["SET"])
    after = server.rss_bytes(), server.used_memory()
    return [(new - old) / options.keys for old, new in zip(before, after)]


def measure(options, server, command, pipeline, seed):
    cpu = server.cpu_seconds()
    result = load(options, server, "--connections", options.connections, "--pipeline", pipeline, "--seconds",
                  options.seconds, "--keys", options.keys, "--seed", seed, REQUESTS[command])
    if result["nulls"]:
        raise SystemExit(f"{server.name}: {result['nulls']} of the GETs found nothing")
    result["cpu_us"] = (server.cpu_seconds() - cpu) * 1e6 / result["requests"]
    return result


def run_rounds(options, servers):
    """{(command, pipeline): {server name: {figure: median}}}"""
    samples = {}
    for number in range(options.rounds):
        for pipeline in PIPELINES:
            for command in REQUESTS:
                for server in servers if number % 2 == 0 else servers[::-1]:
                    result = measure(options, server, command, pipeline, number + 1)
                    samples.setdefault((command, pipeline), {}).setdefault(server.name, []).append(result)
        print(f"round {number + 1} of {options.rounds} done", file=sys.stderr, flush=True)
    figures = ("rps", "cpu_us", "p50_us", "p99_us")
    return {row: {name: {figure: statistics.median(result[figure] for result in results) for figure in figures}
                  for name, results in by_server.items()} for row, by_server in samples.items()}


def ratio(row, figure, larger_is_better):
    if len(row) < 2:
        return "", True
    ours, theirs = row["tusk"][figure], row["redis"][figure]
    value = ours / theirs if larger_is_better else theirs / ours
    return f"{value:.2f}x", value >= 1


def table(rows):
    """Markdown lines and whether no row is worse than Redis."""
    names = list(next(iter(rows.values())))
    lines = ["| command | pipeline | server | requests/s | CPU µs/request | p50 µs | p99 µs | rate, CPU: times better |",
             "|---|--:|---|--:|--:|--:|--:|---|"]
    good = True
    for (command, pipeline), row in rows.items():
        for name in names:
            figures = row[name]
            compare = ""
            if name == "tusk" and len(names) > 1:
                rate, rate_good = ratio(row, "rps", True)
                cpu, cpu_good = ratio(row, "cpu_us", False)
                compare, good = f"{rate}, {cpu}", good and rate_good and cpu_good
            lines.append(f"| {command} | {pipeline} | {name} | {figures['rps']:,.0f} | {figures['cpu_us']:.2f} | "
                         f"{figures['p50_us']:,.0f} | {figures['p99_us']:,.0f} | {compare} |")
    return lines, good


def memory_table(options, memory):
    lines = [f"| server | bytes per key, resident | by its own account | beyond key and value ({16 + VALUE_BYTES} bytes) |",
             "|---|--:|--:|--:|"]
    for name, (resident, used) in memory.items():
        lines.append(f"| {name} | {resident:.1f} | {used:.1f} | {resident - 16 - VALUE_BYTES:.1f} |")
    lines.append("")
    lines.append(f"{options.keys:,} keys of 16 bytes with values of {VALUE_BYTES}.")
    good = "tusk" not in memory or memory["tusk"][0] <= memory["redis"][0]
    return lines, good


def latency_table(rows):
    lines = ["| server | while | GETs | p50 µs | p99 µs | p99.9 µs | slowest µs |", "|---|---|--:|--:|--:|--:|--:|"]
    for row in rows:
        lines.append(f"| {row['server']} | {row['while']} | {row['requests']:,} | {row['p50_us']:,.0f} | "
                     f"{row['p99_us']:,.0f} | {row['p999_us']:,.0f} | {row['max_us']:,.0f} |")
    return lines


def environment(options, wanted):
    return [*page.environment([MeasuredServer(*contestant) for contestant in wanted]),
            f"- servers on core {SERVER_CORE}, load on core {LOAD_CORE}; {options.connections} connections; medians of "
            f"{options.rounds} interleaved rounds of {options.seconds} s a row"]


def parse_options():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=2)
    options.add_argument("--connections", type=int, default=50)
    options.add_argument("--keys", type=int, default=1_000_000)
    options.add_argument("--tusk", default=TUSK)
    options.add_argument("--load", default=LOAD)
    options.add_argument("--tusk-option", action="append", default=[], metavar="NAME=VALUE", help="e.g. io-threads=1; may repeat")
    options.add_argument("--only", choices=["throughput", "latency"], help="one of the two parts")
    options.add_argument("--page", default=ROOT / "docs/benchmarks/get-set.md", type=pathlib.Path)
    options.add_argument("--no-page", action="store_true", help="print only")
    return options.parse_args()


def throughput_part(options, wanted):
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(MeasuredServer(*contestant, SERVER_CORE)) for contestant in wanted]
        memory = {server.name: fill(options, server) for server in servers}
        rows = run_rounds(options, servers)
    lines, rows_good = table(rows)
    memory_lines, memory_good = memory_table(options, memory)
    good = rows_good and memory_good
    verdict = [] if len(servers) < 2 else ["", "No row is worse than Redis." if good else "A row is worse than Redis."]
    return ["## GET and SET", "", *lines, "", "## Memory", "", *memory_lines, *verdict]


def latency_part(options, wanted):
    rows = []
    for contestant in wanted:
        with MeasuredServer(*contestant) as server:
            rows += measure_latency(options, server)
    return ["## GETs beside a slow command", "", "Open loop at a fixed rate on connections of every worker, on other keys than the slow "
            "command's; latency counts from the moment a request was due. No pinning. One key in two thousand shares the slow command's "
            "stripe and waits for it: that is the last column.", "", *latency_table(rows)]


def main():
    options = parse_options()
    wanted = contestants(options.tusk, dict(option.split("=", 1) for option in options.tusk_option))
    lines = ["# Beside redis-server", "", "Printed by `make bench`; not edited by hand.", "", *environment(options, wanted)]
    if options.only != "latency":
        lines += ["", *throughput_part(options, wanted)]
    if options.only != "throughput":
        lines += ["", *latency_part(options, wanted)]
    print("\n".join(lines))
    if len(wanted) > 1 and not options.no_page and not options.only:
        page.write(options.page, "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
