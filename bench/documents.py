#!/usr/bin/env python3
"""Documents beside JSON text kept in strings: rates of JSON.SET and JSON.GET, of a change within a large document, and bytes in memory.

One tusk-server at default settings and the load generator share the machine's cores, so that the rates hang on what else runs there; CPU is the server's
own time on a core for each request, which hardly does. Memory: `MEMORY USAGE key SAMPLES 0` of every sample
document, beside its minified text. Writes docs/benchmarks/documents.md.
"""

import argparse
import json
import os
import pathlib
import random
import socket
import sys

import page
from load import measured_load
from servers import ROOT, TUSK, MeasuredServer

MEMORY_WANTED = 2.0  # Bytes in memory for each byte of text, over the whole sample set.
WORDS = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi psi omega".split()


def text(draw, words):
    return " ".join(draw.choice(WORDS) for _ in range(words))


def profile(draw, n):
    return {"id": n, "name": text(draw, 2), "email": f"user{n}@example.org", "active": draw.random() < 0.5, "age": draw.randrange(18, 90),
            "address": {"street": text(draw, 2), "zip": str(draw.randrange(10000, 99999)), "geo": [round(draw.uniform(-90, 90), 6), round(draw.uniform(-180, 180), 6)]},
            "tags": [draw.choice(WORDS) for _ in range(6)], "bio": text(draw, 90), "visits": [draw.randrange(1000) for _ in range(40)],
            "settings": {word: draw.choice([True, False, None, draw.randrange(100)]) for word in draw.sample(WORDS, 8)}}


def samples():
    """name -> document."""
    draw = random.Random(7)
    catalogue = {"products": [{"sku": f"P-{n:06}", "title": text(draw, 4), "price": draw.randrange(100, 99999) / 100, "stock": draw.randrange(500),
                               "attributes": {"colour": draw.choice(WORDS), "size": draw.choice(["S", "M", "L"]), "weight": round(draw.uniform(0.1, 30), 2)}}
                              for n in range(750)]}
    return {
        "profile, 1 KB": profile(draw, 1),
        "event, small": {"t": 1763850000123, "type": "click", "x": 120, "y": 733, "user": None, "path": "/a/b"},
        "catalogue, 100 KB": catalogue,
        "profiles, 1 MB": {f"user:{n}": profile(draw, n) for n in range(1000)},
        "geometry": {"type": "Polygon", "coordinates": [[[round(draw.uniform(-180, 180), 6), round(draw.uniform(-90, 90), 6)] for _ in range(2000)]]},
        "counters": {f"page:{n}:hits": draw.randrange(10**6) for n in range(2000)},
        "texts": [text(draw, 30) for _ in range(500)],
        "small integers": [draw.randrange(100) for _ in range(5000)],
    }


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.file = self.socket.makefile("rb")

    def __call__(self, *words):
        parts = [word.encode() if isinstance(word, str) else str(word).encode() for word in words]
        self.socket.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
        line = self.file.readline()
        if line[:1] == b"-":
            raise SystemExit(f"{words[0]}: {line.decode()}")
        if line[:1] == b"$" and line != b"$-1\r\n":
            return self.file.read(int(line[1:]) + 2)[:-2]
        return int(line[1:]) if line[:1] == b":" else line


def minified(document):
    return json.dumps(document, separators=(",", ":"))


def memory(client):
    rows, bytes_all, text_all = [], 0, 0
    for name, document in samples().items():
        body = minified(document)
        client("JSON.SET", "sample", "$", body)
        client("SET", "sample:text", body)
        held, as_text = client("MEMORY", "USAGE", "sample", "SAMPLES", "0"), client("MEMORY", "USAGE", "sample:text")
        assert json.loads(client("JSON.GET", "sample")) == document
        rows.append([name, f"{len(body):,}", f"{held:,}", f"{as_text:,}", f"{held / len(body):.2f}"])
        bytes_all, text_all = bytes_all + held, text_all + len(body)
    rows.append(["all", f"{text_all:,}", f"{bytes_all:,}", "", f"{bytes_all / text_all:.2f}"])
    return rows, bytes_all / text_all


def rates(server, client, options):
    documents = samples()
    small, large, huge = minified(documents["profile, 1 KB"]), minified(documents["catalogue, 100 KB"]), minified(documents["profiles, 1 MB"])
    client("JSON.SET", "huge", "$", huge)
    client("SET", "huge:text", huge)
    cases = []
    for name, body, keys in (("1 KB", small, 1000), ("100 KB", large, 20)):
        key = name.split()[0]
        template = body.replace(" ", "_")  # The generator parts a command at blanks.
        cases += [(f"set, {name}", keys, f"JSON.SET doc{key}:__key__ $ {template}", f"SET text{key}:__key__ {template}"),
                  (f"get, {name}", keys, f"JSON.GET doc{key}:__key__", f"GET text{key}:__key__")]
    cases += [("path read in 1 MB", 1, "JSON.GET huge $['user:500'].age", ""), ("path update in 1 MB", 1, "JSON.NUMINCRBY huge $['user:500'].age 1", "")]
    rows = []
    for name, keys, document_command, text_command in cases:
        row = [name]
        for command in (document_command, text_command):
            if not command:
                row += ["", "", ""]
                continue
            figures = measured_load(server, "--connections", options.connections, "--pipeline", options.pipeline, "--seconds", options.seconds, "--keys", keys,
                                    command)
            row += [f"{figures['rps']:,.0f}", f"{figures['p99_us']:,.0f}", f"{figures['cpu_us']:,.1f}"]
        rows.append(row)
        print(f"{name} done", file=sys.stderr, flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--pipeline", type=int, default=1)
    parser.add_argument("--tusk", default=TUSK)
    parser.add_argument("--page", default=ROOT / "docs/benchmarks/documents.md", type=pathlib.Path)
    parser.add_argument("--no-page", action="store_true", help="print only")
    options = parser.parse_args()
    server = MeasuredServer("tusk", options.tusk, {})
    with server:
        client = Client(server.port)
        lines = ["# Documents", "", "Printed by `bench/documents.py`; not edited by hand.", "", *page.environment([server]),
                 f"- load average {os.getloadavg()[0]:.1f} at the start; {options.connections} connections, pipeline {options.pipeline}, {options.seconds} s each", ""]
        lines += page.table(["<what", "JSON.*/s", "p99 µs", "CPU µs", "text in a string/s", "p99 µs", "CPU µs"], rates(server, client, options)) + [""]
        rows, share = memory(client)
        lines += page.table(["<sample", "minified text", "document, bytes", "string, bytes", "document / text"], rows)
        lines += ["", f"Memory over all samples: {share:.2f} bytes for each byte of minified text, at most {MEMORY_WANTED} wanted: "
                      f"{'met' if share <= MEMORY_WANTED else 'missed'}."]
    print("\n".join(lines))
    if not options.no_page:
        page.write(options.page, "\n".join(lines) + "\n")
    sys.exit(share > MEMORY_WANTED)


if __name__ == "__main__":
    main()
