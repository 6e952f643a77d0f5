#!/usr/bin/env python3
"""What a key, and an element of every type, costs in resident memory beside redis-server; and what deletes give back.

Each case runs on a fresh server: resident memory before and after the fill, per element. The payload is the bytes of keys, fields and
values that were sent. Nothing here depends on time, so that one round will do. Writes docs/benchmarks/memory.md.
"""

import argparse
import dataclasses
import json
import sys
import time

import page
from load import load
from servers import ROOT, TUSK, MeasuredServer, contestants

STORE = ROOT / "build/bench/memory.json"
DELETES = "deletes"
DEPTH = 60          # A multiple of five: see the case of the deletes.
SETTLE_S = 1.0      # For what a server tidies up after a fill.
GIVE_BACK_S = 15.0  # For what it gives back after deletes.
AFTER_DELETE_TIMES = 1.3


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    count: int      # Requests.
    command: str
    elements: int   # Elements a request adds.
    payload: float  # Bytes an element.
    value_bytes: int
    aim: float      # Times Redis' at most ...
    aim_bytes: float = 0  # ... or so many bytes an element at most, when not 0.


def ten(text):
    """Ten elements in one command; {} is the number."""
    return " ".join(text.format(number) for number in range(10))


def cases(scale):
    million, small = int(1_000_000 * scale), int(200_000 * scale)
    return [
        Case("string keys, 16 + 32 bytes", int(5_000_000 * scale), "SET key:__key__ __value__", 1, 48, 32, 0.5),
        Case("one sorted set of a million, members of 14", million, "ZADD z __1000000__ m:__key__", 1, 22, 0, 1.0, 50),
        Case("one hash of a million, 14 + 16 bytes", million, "HSET hash f:__key__ __value__", 1, 30, 16, 1.0, 50),
        Case("one set of a million, members of 14", million, "SADD set m:__key__", 1, 14, 0, 1.0),
        Case("one set of a million integers", million, "SADD set 1__key__", 1, 13, 0, 1.0),
        Case("one list of a million, elements of 16", million, "RPUSH list __value__", 1, 16, 16, 1.0),
        Case("one stream of a million, one field, 5 + 16 bytes", million, "XADD stream * field __value__", 1, 37, 16, 1.0),
        Case("hashes of 10 fields, 7 + 16 bytes", small, "HSET hash:__key__ " + ten("field:{} __value__"), 10, 24.7, 16, 0.9),
        Case("sorted sets of 10, members of 14", small, "ZADD zset:__key__ " + ten("{} m:__key__"), 10, 23.7, 0, 0.9),
        Case("sets of 10, members of 14", small, "SADD set:__key__ " + ten("m:__key__"), 10, 15.6, 0, 0.9),
        Case("sets of 10 integers", small, "SADD set:__key__ " + ten("1{}0000"), 10, 5.6, 0, 0.9),
        Case("lists of 10, elements of 16", small, "RPUSH list:__key__ " + ten("__value__"), 10, 17.7, 16, 0.9),
        Case("streams of 10, one field, 5 + 16 bytes", small, "", 10, 38.9, 16, 0.9),
        Case("string keys with a deadline, 16 + 32 bytes", million, "SET key:__key__ __value__ EX 100000", 1, 56, 32, 0.5),
        Case("counters, 16 bytes", million, "INCR key:__key__", 1, 24, 0, 0.9),
    ]


def fill(server, case):
    words = [case.command] if case.command else ["XADD stream:__key__ * field __value__"]
    rounds = case.elements if not case.command else 1
    for _ in range(rounds):
        load(server, "--requests", case.count, "--sequential", 0, "--pipeline", DEPTH, "--value-bytes", case.value_bytes, *words)


def bytes_per_element(contestant, case):
    with MeasuredServer(*contestant) as server:
        before = server.rss_bytes()
        fill(server, case)
        time.sleep(SETTLE_S)
        return (server.rss_bytes() - before) / (case.count * case.elements)


# Every batch begins with the first of five templates and counts on by a multiple of five: a key of each prefix in turn, here and in
# the deletes, so that what stays lies scattered over all the memory.
PREFIXES = ("ke0", "ke1", "ke2", "ke3", "ke4")


def send_all(server, count, *words):
    load(server, "--requests", count, "--sequential", 0, "--pipeline", DEPTH, *words)


def after_deletes(contestant, count):
    """Resident bytes beyond an empty server: full, after four keys of five are gone, and a fresh server with that fifth alone."""
    with MeasuredServer(*contestant) as server:
        empty = server.rss_bytes()
        send_all(server, count, *(f"SET {prefix}:__key__ __value__" for prefix in PREFIXES))
        full = server.rss_bytes() - empty
        send_all(server, count, f"EXISTS {PREFIXES[0]}:__key__", *(f"DEL {prefix}:__key__" for prefix in PREFIXES[1:]))
        deadline, rest = time.monotonic() + GIVE_BACK_S, server.rss_bytes() - empty
        while time.monotonic() < deadline:
            time.sleep(0.5)
            rest = min(rest, server.rss_bytes() - empty)
        left = server.call("DBSIZE")
    with MeasuredServer(*contestant) as server:
        empty = server.rss_bytes()
        send_all(server, left, f"SET {PREFIXES[0]}:__key__ __value__")
        return full, rest, server.rss_bytes() - empty


def measure(wanted, options, store):
    """Renews what is asked for: {case: {server: bytes}}, and under DELETES {server: [full, after, fresh]}."""
    for case in cases(options.scale):
        if options.only is None or any(word in case.name for word in options.only):
            store[case.name] = {contestant[0]: bytes_per_element(contestant, case) for contestant in wanted}
            print(case.name, store[case.name], file=sys.stderr, flush=True)
    if options.only is None or DELETES in options.only:
        store[DELETES] = {contestant[0]: after_deletes(contestant, int(5_000_000 * options.scale)) for contestant in wanted}
        print(DELETES, store[DELETES], file=sys.stderr, flush=True)


def element_rows(store):
    rows, over = [], []
    for case in cases(1):
        if case.name not in store:
            continue
        found = store[case.name]
        ratio = found["tusk"] / found["redis"]
        good = found["tusk"] <= case.aim_bytes if case.aim_bytes else ratio <= case.aim
        aim = f"{case.aim_bytes:g} bytes" if case.aim_bytes else f"{case.aim:g}x"
        rows.append((case.name, f"{case.payload:.0f}", f"{found['tusk']:.1f}", f"{found['redis']:.1f}", f"{ratio:.2f}x", aim, "" if good else "above"))
        if not good:
            over.append(f"- {case.name}: {found['tusk']:.1f} bytes, {ratio:.2f}x Redis (aim {aim})")
    return rows, over


def delete_rows(store):
    rows, over = [], []
    for name, (full, rest, fresh) in store.get(DELETES, {}).items():
        rows.append((name, f"{full / 1e6:.0f}", f"{rest / 1e6:.0f}", f"{fresh / 1e6:.0f}", f"{rest / fresh:.2f}x"))
        if name == "tusk" and rest / fresh > AFTER_DELETE_TIMES:
            over.append(f"- after deleting four keys of five: {rest / fresh:.2f}x of a fresh server with the rest (aim {AFTER_DELETE_TIMES:g}x)")
    return rows, over


def parse_options():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--scale", type=float, default=1, help="of all counts")
    options.add_argument("--only", type=lambda words: words.split(","), help="cases with one of these words (and 'deletes'); the others keep their figures")
    options.add_argument("--no-page", action="store_true")
    options.add_argument("--tusk", default=TUSK)
    return options.parse_args()


def main():
    options = parse_options()
    wanted = contestants(options.tusk, {})
    store = json.loads(STORE.read_text(encoding="utf-8")) if STORE.exists() and options.only else {}
    measure(wanted, options, store)
    if len(wanted) < 2:
        return
    page.write(STORE, json.dumps(store, indent=1))
    rows, over = element_rows(store)
    deleted, over_deleted = delete_rows(store)
    lines = ["# Memory", "", "Written by `make bench-memory`; not edited by hand.", "", *page.environment([MeasuredServer(*one) for one in wanted]),
             "- growth of resident memory from an empty server, per element; key included where a key is small", "",
             *page.table(("<what", "payload", "tusk, bytes", "redis, bytes", "of Redis", "aim", "<"), rows), "",
             "## After deleting four of five keys", "", "Every fifth of five million keys stays, so that the rest lies scattered; "
             f"the least within {GIVE_BACK_S:g} s after the last delete, beside a fresh server that was only given that rest.", "",
             *page.table(("<server", "full MB", "after MB", "fresh MB", "after / fresh"), deleted), "",
             "## Above the aim", "", *(over + over_deleted or ["None."]), ""]
    print("\n".join(lines))
    if not options.no_page and options.scale == 1:
        page.write(ROOT / "docs/benchmarks/memory.md", "\n".join(lines))


if __name__ == "__main__":
    main()
