"""Doors are labelled: a header's first comment says purpose, threads and ownership."""

from source import Finding

OPENING_LINES = 30


def check(tree):
    for path, text in tree.items():
        if not path.endswith(".h") or not path.startswith(("src/", "client/", "bench/", "tests/")):
            continue
        lines = text.splitlines()
        opening = "\n".join(line for line in lines[:OPENING_LINES] if line.startswith("//"))
        if not lines or not lines[0].startswith("//"):
            yield Finding(path, 1, "a header opens with a comment that says its purpose")
            continue
        for word in ("Threads:", "Owns:"):
            if word not in opening:
                yield Finding(path, 1, f"the header's opening comment has no `{word}` line")
        if not any(line.startswith("#pragma once") for line in lines):
            yield Finding(path, 1, "no #pragma once")
