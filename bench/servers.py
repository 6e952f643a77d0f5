"""Starts the servers that a measurement compares, on one core each for server and load, and reads what they cost."""

import os
import pathlib
import shutil
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
START_SECONDS_MAX = 20


class Server:
    """A server process of ours or Redis', with its own working directory, ended by close()."""

    def __init__(self, name, command, port, core=None):
        self.name, self.port = name, port
        self.command = command + ["--port", str(port)]
        pinned = ["taskset", "-c", str(core)] if core is not None else []
        self.log = open(f"/tmp/tusk-bench-{os.getpid()}-{name}.log", "w", encoding="utf-8")
        self.process = subprocess.Popen(pinned + self.command, stdout=self.log, stderr=subprocess.STDOUT)
        self._wait_until_it_answers()

    def _wait_until_it_answers(self):
        end = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                if self.call("PING") == "PONG":
                    return
            except OSError:
                time.sleep(0.05)
        with open(self.log.name, encoding="utf-8") as log:
            raise SystemExit(f"{self.name} did not start: {' '.join(self.command)}\n{log.read()[-2000:]}")

    def call(self, *words):
        """One command over a connection of its own; returns the reply's text, of a simple or bulk string."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            request = f"*{len(words)}\r\n" + "".join(f"${len(word.encode())}\r\n{word}\r\n" for word in words)
            connection.sendall(request.encode())
            reader = connection.makefile("rb")
            head = reader.readline().decode().rstrip()
            if head[:1] == "$" and head != "$-1":
                return reader.read(int(head[1:]) + 2).decode()[:-2]
            return head[1:]

    def info(self, field):
        for line in self.call("INFO", "everything").splitlines():
            if line.startswith(field + ":"):
                return line.split(":", 1)[1]
        return None

    def cpu_seconds(self):
        """User and system time of the process, from its stat line (utime and stime, after the name in brackets)."""
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        raise RuntimeError("no VmRSS")

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        os.unlink(self.log.name)


def commands(tusk_path, tusk_arguments):
    """{name: (command line, version)} of the two servers."""
    redis = shutil.which("redis-server")
    if not redis:
        raise SystemExit("redis-server is not installed: tools/setup.sh bench")
    wanted = {"redis": [redis, "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"]}
    if pathlib.Path(tusk_path).exists():
        wanted = {"tusk": [str(tusk_path), "--bind", "127.0.0.1"] + tusk_arguments, **wanted}
    else:
        print(f"{tusk_path} is not built: redis-server alone")
    return wanted
