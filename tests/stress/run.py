#!/usr/bin/env python3
"""Starts a server with eight workers, runs tusk-stress against it, and judges how the server came through and ended."""

import argparse
import pathlib
import random
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from support.servers import Server  # noqa: E402

STOP_SECONDS_MAX = 60


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--server", default=ROOT / "build/release/src/main/tusk-server")
    options.add_argument("--stress", default=ROOT / "build/release/tests/stress/tusk-stress")
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--seed", type=int, default=random.randrange(1, 1_000_000))
    options.add_argument("--workers", type=int, default=8, help="0 leaves the option out, as for redis-server")
    options = options.parse_args()
    settings = {"io-threads": options.workers} if options.workers else {}
    with Server(options.server, settings) as server:
        done = subprocess.run([options.stress, "--port", str(server.port), "--seconds", str(options.seconds), "--seed",
                               str(options.seed)], check=False)
        good = done.returncode == 0
        if not server.responsive():
            print(f"BROKEN the server does not answer any more:\n{server.log_tail(60)}")
            good = False
        status = server.stop(STOP_SECONDS_MAX)
        if status != 0:
            print(f"BROKEN the server ended with {status}:\n{server.log_tail(60)}")
            good = False
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
