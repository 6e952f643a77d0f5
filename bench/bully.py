#!/usr/bin/env python3
"""How long steady clients wait while another one is a bully: KEYS, deletes of huge values, snapshots, and so on.

The steady load is open: GET and SET at a fixed rate on 500 connections, and latency counts from the moment a request was
due, so that a stall shows in full. The bully is one connection of its own (tusk-load, too, so that reading a reply of millions costs
it little). Each row is measured on Tusk and redis-server in turn, in rounds; p99.9 and the maximum are medians over the rounds.
Writes docs/benchmarks/bully.md.
"""

import argparse
import atexit
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import page
from latency import SLOW_SCRIPT
from load import command, load, result
from servers import ROOT, TUSK, MeasuredServer, contestants, is_error

STORE = ROOT / "build/bench/bully.json"
CONNECTIONS = 500  # Many clients: one that waits sends nothing meanwhile, so that few of them would hide a stall.
REQUESTS_PER_S = 5000
STEADY_KEYS = 200_000  # Many more than stripes: one in so many shares a slow command's stripe and may wait for it.
STEADY = ("SET key:__key__ __value__", "GET key:__key__")
LEAD_S = 0.5           # Steady load before the bully comes.
WANTED_MS = 5.0
PRIORITY = -15
BATCH = 100            # Elements a command when a collection is filled.


class Stage:
    """A server and the sizes of what the bullies find in it."""

    def __init__(self, server, options):
        self.server, self.options = server, options

    def fill(self, count, *commands, first=0, value_bytes=32):
        load(self.server, "--requests", count, "--sequential", first, "--pipeline", 16, "--value-bytes", value_bytes, *commands)

    def keys(self, count):
        self.fill(count, STEADY[0])

    def collection(self, verb, name, count, element):
        # A hole is drawn anew each time it stands there: BATCH elements a command.
        self.fill(count // BATCH, " ".join([verb, name, *[element] * BATCH]), value_bytes=16)

    def script(self):
        sha = self.server.call("SCRIPT", "LOAD", SLOW_SCRIPT)
        return [f"EVALSHA {sha.decode()} 1 slow"]

    def huge(self, verb):
        def prepare():
            kind = {"set": ("SADD", "__key__"), "hash": ("HSET", "__key__ __value__"), "zset": ("ZADD", "__1000000000__ __key__")}
            command_name, element = kind[verb[1]]
            self.collection(command_name, "huge", self.options.elements, element)
            return [f"{verb[0]} huge"]
        return prepare

    def union(self):
        for name in ("one", "two"):
            self.collection("SADD", name, self.options.elements // 10, "__1000000000__")
        return ["SUNIONSTORE both one two"]

    def long_list(self, then):
        def prepare():
            if not self.server.call("EXISTS", "long"):
                self.collection("RPUSH", "long", self.options.elements // 10, "__1000000000__")
            return [then]
        return prepare

    def expiring(self):
        """A fifth of the keys, all with deadlines within one second, which begins when the load has been running for half a second."""
        count = self.options.keys // 5
        begin = int((time.time() + count / 100_000 + 2) * 1000)
        self.fill(count, *(f"SET passing:__key__ v PXAT {begin + offset}" for offset in range(0, 1000, 50)))
        time.sleep(max(0, begin / 1000 - LEAD_S - time.time()))
        return ["PING"]

    def growing(self):
        self.server.clear()
        self.keys(self.options.keys * 2 // 5)
        new = self.options.keys * 2 // 5
        return ["--pipeline", "16", "--requests", new, "--sequential", new, "--rate", new / 3, STEADY[0]]

    def bullies(self):
        """[(what, seconds of steady load, what prepares it and says the bully's words)], in the order in which they follow."""
        count = f"{self.options.keys / 1e6:g} million"
        big = f"{self.options.elements / 1e6:g} million"
        tenth = f"{self.options.elements / 1e7:g} million"
        return [("nothing", 3, lambda: ["PING"]),
                (f"KEYS * of {count}", 5, lambda: ["KEYS *"]),
                ("SCAN COUNT 1000000", 3, lambda: ["SCAN 0 COUNT 1000000"]),
                (f"BGSAVE of {count} keys", 7, lambda: ["BGSAVE"]),
                ("a script of 2 s", 3, self.script),
                (f"LRANGE 0 -1 of {tenth}", 3, self.long_list("LRANGE long 0 -1")),
                (f"SORT of {tenth}", 4, self.long_list("SORT long")),
                (f"SUNIONSTORE of two sets of {tenth}", 4, self.union),
                *((f"{verb} of a {kind} of {big}", 5 if verb == "DEL" else 4, self.huge((verb, kind)))
                  for kind in ("set", "hash", "zset") for verb in ("DEL", "UNLINK")),
                (f"{self.options.keys / 5e6:g} million keys expire in a second", 4, self.expiring),
                (f"FLUSHALL of {count}", 4, lambda: ["FLUSHALL"]),
                (f"growth from {self.options.keys * 2 / 5e6:g} to {self.options.keys * 4 / 5e6:g} million keys", 5, self.growing)]


def beside(stage, seconds, words):
    """The steady load's figures, and how long the bully took, in seconds."""
    server = stage.server
    steady = subprocess.Popen(command(server, ["--connections", CONNECTIONS, "--rate", REQUESTS_PER_S, "--seconds", seconds, "--keys", STEADY_KEYS,
                                               *STEADY]), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(LEAD_S)
    once = [] if "--requests" in words else ["--requests", 1]
    took = load(server, "--connections", 1, *once, *words)
    output, errors = steady.communicate(timeout=300)
    return {**result(server, output, errors), "bully_s": took["seconds"]}


def prefer():
    """Server and loads go before what else the machine does, as far as one may: what others cost is no stall of the server's."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
        # Where the system groups processes by session, priorities count within the group only, and the group has one, too.
        group = pathlib.Path("/proc/self/autogroup")
        if group.exists():
            before = group.read_text(encoding="utf-8").split()[-1]
            group.write_text(str(PRIORITY), encoding="utf-8")
            atexit.register(group.write_text, before)
    except OSError:
        print("other work on this machine will show in the figures", file=sys.stderr)


def await_snapshot(server):
    for _ in range(600):
        if b"rdb_bgsave_in_progress:0" in bytes(server.call("INFO", "persistence")):
            return
        time.sleep(0.1)


def run(options, store):
    for number in range(options.rounds):
        for name, binary, settings in contestants(options.tusk, {}):
            with MeasuredServer(name, binary, settings) as server:
                stage = Stage(server, options)
                stage.keys(options.keys)
                for what, seconds, prepare in stage.bullies():
                    if options.only and not any(word in what for word in options.only):
                        continue
                    words = prepare()
                    figures = {**beside(stage, seconds, words), "commit": page.commit()}
                    await_snapshot(server)
                    if is_error(server.call("DEL", "slow", "both", "one", "two", "huge")):
                        raise SystemExit(f"{name}: after {what}")
                    store.setdefault(what, {}).setdefault(name, []).append(figures)
                    print(f"{number + 1} {name} {what}: p99.9 {figures['p999_us'] / 1000:.2f} ms, max {figures['max_us'] / 1000:.1f} ms; "
                          f"bully {figures['bully_s']:.2f} s", file=sys.stderr, flush=True)
                    page.write(STORE, json.dumps(store, indent=1))


def text(options, store):
    rows, over = [], []
    for what, by_server in store.items():
        for name, results in by_server.items():
            p99, p999, slowest, bully = (statistics.median(found[figure] for found in results) for figure in ("p99_us", "p999_us", "max_us", "bully_s"))
            rows.append((what, name, page.number(p99 / 1000), page.number(p999 / 1000), page.number(slowest / 1000), f"{bully:.2f}", str(len(results)),
                         ", ".join(sorted({found["commit"] for found in results}))))
            if name == "tusk" and p999 > WANTED_MS * 1000:
                over.append(f"- {what}: p99.9 {p999 / 1000:.1f} ms")
    return "\n".join([
        "# Steady clients beside a bully", "", "Written by `make bench-bully`; not edited by hand.", "",
        *page.environment([MeasuredServer(*contestant) for contestant in contestants(options.tusk, {})]),
        f"- GET and SET at {REQUESTS_PER_S:,} a second in all on {CONNECTIONS} connections and {STEADY_KEYS:,} keys, open loop; latency from the moment a "
        "request was due. No pinning; server and loads with a higher priority than what else runs.",
        "- Clients of a key that lies in the stripe of the bully's key wait for it: one key in about a thousand. That is the maximum where it stands "
        "far above p99.9.", "",
        *page.table(("<the bully", "<server", "p99 ms", "p99.9 ms", "max ms", "bully took s", "rounds", "<at commit"), rows), "",
        f"## Tusk above {WANTED_MS:g} ms at p99.9", "", *(over or ["None."]), ""])


def parse_options():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--keys", type=int, default=5_000_000)
    options.add_argument("--elements", type=int, default=10_000_000, help="of the huge collections; the large ones have a tenth")
    options.add_argument("--only", type=lambda words: words.split(","), help="rows with one of these words in their name")
    options.add_argument("--page-only", action="store_true", help="write the page from the kept figures")
    options.add_argument("--no-page", action="store_true")
    options.add_argument("--tusk", default=TUSK)
    return options.parse_args()


def main():
    options = parse_options()
    store = json.loads(STORE.read_text(encoding="utf-8")) if STORE.exists() and (options.only or options.page_only) else {}
    if not options.page_only:
        prefer()
        run(options, store)
    written = text(options, store)
    print(written)
    if not options.no_page:
        page.write(ROOT / "docs/benchmarks/bully.md", written)


if __name__ == "__main__":
    main()
