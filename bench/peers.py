#!/usr/bin/env python3
"""Every row of bench/rows.py on Tusk, redis-server, memcached and what else of the field is on PATH, and on an echo.

All servers run at once and one is measured at a time, in rounds that change the order: what else the machine does falls on
all of them alike. The figures are medians over the rounds; a ratio is the median of the rounds' ratios. Pinned: the server on
core 0, the load generator on core 1. Unpinned: both wherever the system puts them, Tusk with a worker per core. Figures are kept in
build/bench/peers.json, so that --rows renews some rows of the page and leaves the others.
"""

import argparse
import contextlib
import datetime
import json
import os
import statistics
import sys
import time

import page
from load import measured_load
from rows import KEYS, ROWS, VALUE_BYTES, fill, runs
from servers import ROOT, TUSK, all_peers

STORE = ROOT / "build/bench/peers.json"
DOCS = ROOT / "docs/benchmarks"
SERVER_CORE, LOAD_CORE = 0, 1
SETTINGS = {"maxclients": "20000"}
FIGURES = ("rps", "cpu_us", "p50_us", "p99_us", "p999_us", "own_share")
WANTED = 1.3  # Operations per second of server CPU, times Redis'.


def sample(server, row, depth, seed, options, core):
    """Figures of one server in one round."""
    how_long = ["--seconds", options.seconds]
    if row.fresh:
        how_long = ["--requests", row.fresh, "--sequential", KEYS + (seed * 100 + depth) * row.fresh]
    figures = measured_load(server, "--connections", row.connections, "--pipeline", depth, "--keys", KEYS, "--seed", seed,
                            "--value-bytes", VALUE_BYTES, *how_long, *row.options, *row.commands, core=core)
    if figures["nulls"] and not row.nulls:
        raise SystemExit(f"{server.name}: {figures['nulls']} null replies in {row.name}")
    figures["own_share"] = figures["own_cpu_s"] / figures["seconds"]
    return figures


def measure_row(servers, row, options, core):
    """{depth: {server name: figures, each a median over the rounds}}"""
    servers = [server for server in servers if runs(server, row)]
    for server in servers:
        fill(server, row, core)
    samples = {}
    for number in range(options.rounds):
        for depth in row.depths:
            for server in servers if number % 2 == 0 else servers[::-1]:
                samples.setdefault(depth, {}).setdefault(server.name, []).append(sample(server, row, depth, number + 1, options, core))
    for server in servers:
        server.clear()
    return {depth: summary(by_server) for depth, by_server in samples.items()}


def summary(by_server):
    medians = {}
    for name, results in by_server.items():
        medians[name] = {figure: statistics.median(result[figure] for result in results) for figure in FIGURES}
        for figure in ("cpu_us", "rps"):
            if "redis" in by_server:
                times = [theirs[figure] / ours[figure] for ours, theirs in zip(results, by_server["redis"])]
                medians[name][figure + "_ratio"] = statistics.median(times if figure == "cpu_us" else [1 / ratio for ratio in times])
    return medians


def run(options, store):
    wanted = [row for row in ROWS if options.rows is None or row.name in options.rows]
    for mode in options.modes:
        server_core, load_core = (SERVER_CORE, LOAD_CORE) if mode == "pinned" else (None, None)
        with contextlib.ExitStack() as stack:
            servers = [stack.enter_context(server) for server in all_peers(options.tusk, SETTINGS, server_core)]
            for row in wanted:
                begin = time.monotonic()
                result = {"commit": page.commit(), "date": str(datetime.date.today()), "rounds": options.rounds, "seconds": options.seconds,
                          "depths": measure_row(servers, row, options, load_core)}
                # The keys of a JSON object are strings: as they will be read back.
                store.setdefault(mode, {})[row.name] = json.loads(json.dumps(result))
                page.write(STORE, json.dumps(store, indent=1))
                ratios = ", ".join(f"p{depth} {by_server.get('tusk', {}).get('cpu_us_ratio', 0):.2f}x"
                                   for depth, by_server in result["depths"].items())
                print(f"{mode} {row.name}: {ratios} ({time.monotonic() - begin:.0f} s)", file=sys.stderr, flush=True)
                time.sleep(options.rest)


def table(mode_store):
    lines = []
    for row in ROWS:
        for depth, by_server in mode_store.get(row.name, {}).get("depths", {}).items():
            for name, figures in by_server.items():
                compare = "" if name in ("redis", "echo") or "redis" not in by_server else \
                    f"{figures['cpu_us_ratio']:.2f}x, {figures['rps_ratio']:.2f}x"
                full = " *" if figures["own_share"] > 0.9 else ""
                lines.append((row.title, depth, name, f"{figures['rps']:,.0f}{full}", page.number(figures["cpu_us"]), page.number(figures["p50_us"]),
                              page.number(figures["p99_us"]), page.number(figures["p999_us"]), compare))
    return page.table(("<row", "depth", "<server", "requests/s", "server CPU µs", "p50 µs", "p99 µs", "p99.9 µs", "<operations per CPU second, rate: times Redis"),
                      lines)


def cells(store):
    """[(mode, row, depth, figures by server)] of all that was measured with both Tusk and Redis."""
    return [(mode, row, depth, by_server) for mode in ("pinned", "unpinned") for row in ROWS
            for depth, by_server in store.get(mode, {}).get(row.name, {}).get("depths", {}).items() if {"tusk", "redis"} <= by_server.keys()]


def below_aim(store):
    slow = [(figures["tusk"]["cpu_us_ratio"], mode, row, depth) for mode, row, depth, figures in cells(store)
            if figures["tusk"]["cpu_us_ratio"] < WANTED]
    lines = [f"- {row.title}, depth {depth}, {mode}: {ratio:.2f}x" for ratio, mode, row, depth in sorted(slow, key=lambda cell: cell[0])]
    return lines or ["None."]


def plots(store):
    """{file name: SVG} of what has been measured pinned."""
    pinned = [(row, depth, by_server) for mode, row, depth, by_server in cells(store) if mode == "pinned"]
    if not pinned:
        return {}
    ratios = [(f"{row.title}, {depth}", {"tusk": by_server["tusk"]["cpu_us_ratio"]}) for row, depth, by_server in pinned]
    get_set = [(f"{row.title}, {depth}", {name: figures["cpu_us"] for name, figures in by_server.items()})
               for row, depth, by_server in pinned if row.name.startswith("get-set")]
    late = [(f"{row.title}, {depth}", {name: by_server[name]["p999_us"] for name in ("tusk", "redis")}) for row, depth, by_server in pinned]
    found = {"peers-cpu-ratio.svg": page.plot("Operations per second of server CPU", "times Redis; line: 1.3", ratios, WANTED)}
    if get_set:
        found["peers-get-set.svg"] = page.plot("GET and SET: server CPU per operation", "µs", get_set)
    found["peers-latency.svg"] = page.plot("p99.9 of a batch under full load", "µs", late)
    return found


def text(options, store):
    lines = ["# Beside the field", "", "Written by `make bench-peers`; not edited by hand.", "",
             *page.environment(all_peers(options.tusk, SETTINGS, SERVER_CORE)),
             f"- {VALUE_BYTES}-byte values, {KEYS:,} keys where a row does not say otherwise, 50 connections; depth: requests that a connection sends at once. "
             "Latency is that of such a batch.",
             "- Load by `tusk-load` (bench/load.cc), one thread, in every row: redis-benchmark and memtier_benchmark need more CPU per request than "
             "these servers at depth 16, so that they would measure themselves. `*`: the generator's core was full, the rate is a lower bound. CPU per operation "
             "does not hang on that.",
             "- echo answers +OK and stores nothing: what loopback costs.", ""]
    lines += ["## Below 1.3 times Redis in operations per second of server CPU", "", *below_aim(store), ""]
    drawn = plots(store)
    lines += [line for name in drawn for line in (f"![]({name})", "")]
    for mode, says in (("pinned", "server on core 0, load on core 1"), ("unpinned", "server and load on all cores; Tusk with a worker per core")):
        if store.get(mode):
            measured = sorted({(found["commit"], found["rounds"], found["seconds"]) for found in store[mode].values()})
            lines += [f"## {mode.capitalize()}: {says}", "", "Measured: " + "; ".join(
                f"at {commit}, {rounds} rounds of {seconds} s a cell" for commit, rounds, seconds in measured) + ".", "", *table(store[mode]), ""]
    notes = [f"- {row.title}: {row.note}" for row in ROWS if row.note]
    return "\n".join(lines + ["## What is behind a row", "", *notes, ""]), drawn


def parse_options():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=1)
    options.add_argument("--rows", type=lambda text: text.split(","), help="names from bench/rows.py, with commas")
    options.add_argument("--modes", type=lambda text: text.split(","), default=["pinned", "unpinned"])
    options.add_argument("--rest", type=float, default=0, help="seconds of rest after each row, for machines that are shared")
    options.add_argument("--quick", action="store_true", help="pinned, 2 rounds of half a second, not for the page: a few minutes")
    options.add_argument("--page-only", action="store_true", help="write the page from the kept figures")
    options.add_argument("--no-page", action="store_true")
    options.add_argument("--tusk", default=TUSK)
    found = options.parse_args()
    if found.quick:
        found.rounds, found.seconds, found.modes = 2, 0.5, ["pinned"]
    unknown = set(found.rows or ()) - {row.name for row in ROWS}
    if unknown:
        options.error(f"no such row: {', '.join(sorted(unknown))}; there are {', '.join(row.name for row in ROWS)}")
    return found


def main():
    options = parse_options()
    store = json.loads(STORE.read_text(encoding="utf-8")) if STORE.exists() and not options.quick else {}
    if not options.page_only:
        run(options, store)
    written, drawn = text(options, store)
    if options.no_page or options.quick:
        print(written)
        return
    page.write(DOCS / "peers.md", written)
    for name, svg in drawn.items():
        page.write(DOCS / name, svg)
    print("\n".join(below_aim(store)))
    print(f"{DOCS / 'peers.md'} written; load averages {os.getloadavg()}", file=sys.stderr)


if __name__ == "__main__":
    main()
