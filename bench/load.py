"""Runs the load generator and reads what it prints."""

import json
import subprocess

from servers import RELEASE

LOAD = RELEASE / "bench/tusk-load"


def command(server, arguments, core=None, binary=LOAD):
    pin = ["taskset", "-c", str(core)] if core is not None else []
    protocol = ["--memcached"] if server.protocol == "memcached" else []
    return [*pin, str(binary), "--port", str(server.port), *protocol, *map(str, arguments)]


def result(server, output, errors):
    if errors or not output:
        raise SystemExit(f"{server.name}: {errors}")
    return json.loads(output)


def load(server, *arguments, core=None, binary=LOAD):
    """The generator's figures; the program ends when a reply is an error."""
    done = subprocess.run(command(server, arguments, core, binary), capture_output=True, text=True, check=False, timeout=600)
    return result(server, done.stdout, done.stderr)


def measured_load(server, *arguments, core=None):
    """The same with `cpu_us`: the server's time on a CPU per request."""
    before = server.cpu_seconds()
    figures = load(server, *arguments, core=core)
    figures["cpu_us"] = (server.cpu_seconds() - before) * 1e6 / figures["requests"]
    return figures
