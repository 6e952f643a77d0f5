#!/usr/bin/env python3
"""Reads every file of a compilation database with Clang, syntax only, with the thread-safety warnings as errors.

A file whose bytes and whose headers' bytes are as they were in the last clean run is passed over: a stamp beside the
build holds their modification times, as Clang itself lists them.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys

WARNINGS = ["-Wthread-safety", "-Werror=thread-safety", "-Wthread-safety-beta", "-Wno-error=thread-safety-beta",
            "-Wno-unknown-warning-option",
            # GCC 12's std::stable_sort calls what its own headers call deprecated.
            "-Wno-deprecated-declarations"]
GCC_ONLY = ("-fuse-ld=", "-fno-sanitize", "-fsanitize")


def clang_command(entry, clang, dependencies):
    """The database's command with Clang as compiler, output dropped, and dependencies written to a file."""
    words = entry.get("arguments") or shlex.split(entry["command"])
    while words and not os.path.basename(words[0]).startswith(("c++", "g++", "gcc", "cc", "clang")) or "ccache" in words[0]:
        words = words[1:]
    kept, skip = [], False
    for word in words[1:]:
        if skip:
            skip = False
        elif word in ("-o", "-MF", "-MT", "-MQ"):
            skip = True
        elif word in ("-c", "-MD", "-MMD") or word.startswith(GCC_ONLY):
            pass
        else:
            kept.append(word)
    return [clang, *kept, "-fsyntax-only", *WARNINGS, "-MMD", "-MF", str(dependencies)]


def unchanged(stamp):
    try:
        seen = json.loads(stamp.read_text())
        return all(os.stat(path).st_mtime_ns == time for path, time in seen.items())
    except (OSError, ValueError):
        return False


def analyze(entry, clang, folder):
    source = entry["file"]
    name = os.path.relpath(source, entry["directory"]).replace("/", "_").replace("..", "")
    stamp, dependencies = folder / (name + ".stamp"), folder / (name + ".d")
    if unchanged(stamp):
        return source, True, ""
    done = subprocess.run(clang_command(entry, clang, dependencies), cwd=entry["directory"], capture_output=True, text=True)
    if done.returncode == 0 and dependencies.exists() and "warning:" not in done.stderr:
        paths = dependencies.read_text().replace("\\\n", " ").split(":", 1)[1].split()
        stamp.write_text(json.dumps({path: os.stat(path).st_mtime_ns for path in paths}))
    return source, done.returncode == 0, done.stderr


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--clang", default="clang++-19")
    options.add_argument("--build", required=True)
    options.add_argument("--jobs", type=int, default=os.cpu_count())
    options = options.parse_args()
    build = pathlib.Path(options.build)
    folder = build / "analyze"
    folder.mkdir(exist_ok=True)
    entries = [e for e in json.loads((build / "compile_commands.json").read_text()) if e["file"].endswith(".cc")]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for source, good, text in pool.map(lambda e: analyze(e, options.clang, folder), entries):
            if text:
                print(text, end="")
            failed += not good
    print(f"analyze: {len(entries)} files read, {failed} with errors")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
