"""The servers that a measurement compares: started by tests/support, pinned to a core, with what they cost."""

import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.resp import is_error  # noqa: E402, F401
from support.servers import Server, StartError  # noqa: E402

RELEASE = ROOT / "build/release"
TUSK = RELEASE / "src/main/tusk-server"
# What CPUCLOCK_SCHED is to the kernel: with the complement of a process id it makes the clock of that process.
CPUCLOCK_SCHED = 2


class MeasuredServer(Server):
    """A server of a given name, on `core` alone when that is not None."""

    protocol = "resp"
    connection_limit = "maxclients"  # The option that says how many connections it takes.

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

    def clear(self):
        self.call("FLUSHALL", "SYNC")

    def used_memory(self):
        info = bytes(self.call("INFO", "memory")).decode()
        return int(next(line.split(":")[1] for line in info.splitlines() if line.startswith("used_memory:")))

    def cpu_seconds(self):
        """User and system time of the process, threads that ended included, to the nanosecond."""
        return time.clock_gettime((~self.process.pid << 3) | CPUCLOCK_SCHED)

    def command_line(self):
        words = [pathlib.Path(self.binary).name]
        for name, value in self.options.items():
            words += [f"--{name}", str(value) or "''"]
        return " ".join(words)

    def version(self):
        done = subprocess.run([self.binary, "--version"], capture_output=True, text=True, check=False)
        return (done.stdout.strip() or done.stderr.strip()).splitlines()[0]


class PlainServer(MeasuredServer):
    """One that takes no redis.conf settings: ready when it takes a connection."""

    def spawn(self):
        with open(os.devnull, "wb") as nowhere:
            self.process = subprocess.Popen(self.command(), stdout=nowhere, stderr=nowhere, stdin=subprocess.DEVNULL,
                                            preexec_fn=self.preexec)

    def _await_ready(self, seconds=10):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise StartError(f"{self.binary} ended with {self.process.returncode}")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        self.stop()
        raise StartError(f"{self.binary} took no connection within {seconds} s")

    def command_line(self):
        return " ".join([pathlib.Path(self.binary).name, *self.command()[1:]])


class Memcached(PlainServer):
    protocol = "memcached"

    def command(self):
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        return [self.binary, "-l", "127.0.0.1", "-p", str(self.port), "-m", "4096", "-c", "20000", *user]

    def clear(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(b"flush_all\r\n")
            connection.recv(100)


class Echo(PlainServer):
    """The floor: answers +OK to every request."""

    def command(self):
        return [self.binary, str(self.port)]

    def clear(self):
        pass

    def version(self):
        return "bench/echo_server.cc: answers +OK to every request, one thread, epoll"


class Pogocache(PlainServer):
    def command(self):
        return [self.binary, "-h", "127.0.0.1", "-p", str(self.port)]


class Dragonfly(PlainServer):
    def command(self):
        return [self.binary, "--bind", "127.0.0.1", "--port", str(self.port), "--dbfilename", "", "--maxclients", "20000"]


PEERS = {"valkey": ("valkey-server", MeasuredServer), "keydb": ("keydb-server", MeasuredServer), "pogocache": ("pogocache", Pogocache),
         "dragonfly": ("dragonfly", Dragonfly), "memcached": ("memcached", Memcached)}


def contestants(tusk_path, tusk_options):
    """[(name, binary, options)], ours first where it is built."""
    redis = shutil.which("redis-server")
    if not redis:
        raise SystemExit("redis-server is not installed: tools/setup.sh bench")
    if not pathlib.Path(tusk_path).exists():
        print(f"{tusk_path} is not built: redis-server alone")
        return [("redis", redis, {})]
    return [("tusk", str(tusk_path), tusk_options), ("redis", redis, {})]


def all_peers(tusk_path, settings, core):
    """Ours, redis-server, what else of the field is on PATH, and the floor; none of them started."""
    servers = [MeasuredServer(name, binary, {**settings, **options}, core) for name, binary, options in contestants(tusk_path, {})]
    for name, (program, kind) in PEERS.items():
        binary = shutil.which(program)
        if binary:
            servers.append(kind(name, binary, settings if kind is MeasuredServer else {}, core))
    return servers + [Echo("echo", str(RELEASE / "bench/tusk-echo"), {}, core)]
