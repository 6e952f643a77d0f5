#!/usr/bin/env python3
"""What a snapshot costs those who work meanwhile: writes at a fixed rate with and without BGSAVE, beside redis-server.

Each server holds --keys keys. Then --rate SETs a second of them, whatever the answers take, for --seconds: once by itself, once while
one BGSAVE follows the other. Memory is that of the process and of its child where there is one, shared pages by their share (PSS),
looked at ten times a second. Then the server starts from that file. Writes docs/benchmarks/snapshot.md.
"""

import os
import pathlib
import statistics
import sys
import tempfile
import threading
import time

import page
from load import load
from options import disk_options
from servers import MeasuredServer, contestants

LOOK_EVERY_S = 0.1
WANTED_P999, WANTED_MEMORY, WANTED_LOAD_S = 1.5, 0.10, 2.0


def memory_bytes(pid):
    """Of the process and its children."""
    total = 0
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
    for process in [pid, *map(int, children.read_text(encoding="ascii").split())]:
        try:
            lines = pathlib.Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
        except OSError:
            continue  # The child has ended.
        total += next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


class Snapshots(threading.Thread):
    """One BGSAVE after the other until `stop` is called."""

    def __init__(self, server):
        super().__init__()
        self.server, self.ended, self.seconds = server, threading.Event(), []
        self.start()

    def run(self):
        connection = self.server.connect(timeout=120)
        while not self.ended.is_set():
            begun = time.monotonic()
            connection.call("BGSAVE")
            while b"rdb_bgsave_in_progress:1" in connection.call("INFO", "persistence"):
                time.sleep(0.02)
            self.seconds.append(time.monotonic() - begun)

    def stop(self):
        self.ended.set()
        self.join()


class Memory(threading.Thread):
    """The largest that was seen."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.largest, self.ended = pid, 0, threading.Event()
        self.start()

    def run(self):
        while not self.ended.wait(LOOK_EVERY_S):
            self.largest = max(self.largest, memory_bytes(self.pid))


def writes(options, server):
    return load(server, "--connections", options.connections, "--rate", options.rate, "--seconds", options.seconds, "--keys", options.keys,
                "SET key:__key__ __value__", binary=options.load)


def measure(options, contestant):
    name, binary, own = contestant
    with tempfile.TemporaryDirectory(dir=options.dir) as folder:
        server = MeasuredServer(name, binary, {"save": "", "enable-debug-command": "yes", **own})
        server.dir = folder
        with server:
            load(server, "--requests", options.keys, "--sequential", 0, "--pipeline", 64, "SET key:__key__ __value__", binary=options.load)
            keys = server.call("DBSIZE")
            row = {"server": server}
            row["plain"] = writes(options, server)
            before = memory_bytes(server.process.pid)
            memory, snapshots = Memory(server.process.pid), Snapshots(server)
            row["beside"] = writes(options, server)
            snapshots.stop()
            memory.ended.set()
            row["snapshot_s"] = statistics.median(snapshots.seconds)
            row["snapshots"] = len(snapshots.seconds)
            row["before"], row["extra"] = before, memory.largest - before
            server.stop()
            begun = time.monotonic()
            server.start()
            while b"loading:0" not in server.call("INFO", "persistence"):
                time.sleep(0.02)
            row["load_s"] = time.monotonic() - begun
            if server.call("DBSIZE") != keys:
                raise SystemExit(f"{name}: {server.call('DBSIZE')} keys after the start")
    return row


def lines(options, rows):
    heads = ["<server", "p99.9 µs without", "beside BGSAVE", "times", "p99.99 beside", "a snapshot s", "memory MB", "more meanwhile MB", "%", "start s"]
    cells = []
    for row in rows:
        plain, beside = row["plain"]["p999_us"], row["beside"]["p999_us"]
        cells.append([row["server"].name, f"{plain:,.0f}", f"{beside:,.0f}", f"{beside / plain:.1f}",
                      f"{row['beside'].get('p9999_us', row['beside'].get('max_us', 0)):,.0f}", f"{row['snapshot_s']:.2f}",
                      f"{row['before'] / 1e6:,.0f}", f"{row['extra'] / 1e6:,.0f}", f"{row['extra'] / row['before']:.1%}", f"{row['load_s']:.2f}"])
    verdict = []
    for row in rows:
        if row["server"].name != "tusk":
            continue
        for what, figure, wanted in (("p99.9 beside BGSAVE, of that without", row["beside"]["p999_us"] / row["plain"]["p999_us"], WANTED_P999),
                                     ("more memory, of that before", row["extra"] / row["before"], WANTED_MEMORY),
                                     ("start from the file, s", row["load_s"], WANTED_LOAD_S)):
            verdict.append(f"- {what}: {figure:.2f}, wanted at most {wanted}: {'met' if figure <= wanted else 'missed'}.")
    return ["# What a snapshot costs", "", "Printed by `bench/snapshot.py`; not edited by hand.", "",
            *page.environment([row["server"] for row in rows]),
            f"- {options.keys:,} keys, {options.rate:,} SETs a second (open loop) over {options.connections} connections for {options.seconds} s, "
            f"load average {os.getloadavg()[0]:.1f} at the end", "", *page.table(heads, cells), "", *verdict]


def main():
    parser = disk_options(__doc__, "snapshot.md", keys=5_000_000, seconds=10)
    parser.add_argument("--rate", type=int, default=20_000)
    options = parser.parse_args()
    text = "\n".join(lines(options, [measure(options, contestant) for contestant in contestants(options.tusk, {})])) + "\n"
    sys.stdout.write(text)
    if not options.no_page:
        page.write(options.page, text)


if __name__ == "__main__":
    main()
