"""The servers that a measurement compares: started by tests/support, pinned to a core, with what they cost."""

import os
import pathlib
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.resp import is_error  # noqa: E402, F401
from support.servers import Server  # noqa: E402

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class MeasuredServer(Server):
    """A server of a given name, on `core` alone when that is not None."""

    def __init__(self, name, binary, options, core=None):
        pin = (lambda: os.sched_setaffinity(0, {core})) if core is not None else None
        super().__init__(binary, {"appendonly": "no", **options}, preexec=pin)
        self.name = name

    def call(self, *words):
        """One command over a connection of its own."""
        connection = self.connect(timeout=120)
        try:
            return connection.call(*words)
        finally:
            connection.close()

    def used_memory(self):
        info = bytes(self.call("INFO", "memory")).decode()
        return int(next(line.split(":")[1] for line in info.splitlines() if line.startswith("used_memory:")))

    def cpu_seconds(self):
        """User and system time of the process, from its stat line (utime and stime, after the name in brackets)."""
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def contestants(tusk_path, tusk_options):
    """[(name, binary, options)], ours first where it is built."""
    redis = shutil.which("redis-server")
    if not redis:
        raise SystemExit("redis-server is not installed: tools/setup.sh bench")
    if not pathlib.Path(tusk_path).exists():
        print(f"{tusk_path} is not built: redis-server alone")
        return [("redis", redis, {})]
    return [("tusk", str(tusk_path), tusk_options), ("redis", redis, {})]
