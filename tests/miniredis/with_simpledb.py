#!/usr/bin/python3
"""simpledb's own client and tests against the mini-Redis port, and its benchmark's loop against its server and ours.

  git clone https://github.com/coleifer/simpledb
  tests/miniredis/with_simpledb.py --checkout simpledb [--server build/release/src/main/tusk-server] [--bench]

Without a checkout (--checkout, or the variable SIMPLEDB) it says so and skips. Its server needs python3-gevent, else it runs with threads; its client
and tests need nothing.

--bench runs the loop of its bench.py: 10000 SET, 11000 GET, then SET and GET of 10000 arrays and of 10000 dicts. Once through its own client, which takes
most of that time itself; then the same requests, byte by byte, from eight connections that keep 100 requests under way, so that the servers set the pace. Best of three.
Last line: `N passed, N failed`.
"""
import argparse
import contextlib
import importlib
import importlib.util
import io
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..')]
from support.report import Report  # noqa: E402
from support.servers import Server, free_port  # noqa: E402

CONNECTIONS = 8
UNDER_WAY = 100
ROUNDS = 3
WANTED = 20


def its_tests(checkout, port):
    sys.path.insert(0, checkout)
    tests = importlib.import_module('tests')
    tests.TEST_PORT = port
    suite = unittest.defaultTestLoader.loadTestsFromModule(tests)
    result = unittest.TextTestRunner(verbosity=2, warnings='ignore').run(suite)
    assert result.testsRun == 5 and result.wasSuccessful(), f'{result.testsRun} ran'


class TheirServer:
    def __init__(self, checkout):
        self.port = free_port()
        self.with_gevent = importlib.util.find_spec('gevent') is not None
        command = ['/usr/bin/python3', os.path.join(checkout, 'simpledb.py'), '-p', str(self.port), '-e'] + ([] if self.with_gevent else ['-t'])
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            with contextlib.suppress(OSError):
                socket.create_connection(('127.0.0.1', self.port)).close()
                return
            time.sleep(0.05)
        raise AssertionError('their server did not start')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


# ---- Through their client ----

def with_their_client(checkout, port):
    """Seconds of each part of bench.py's loop, as it prints them."""
    code = (f'import sys; sys.path.insert(0, {checkout!r}); import bench\n'
            f'bench.run_benchmark(bench.Client(port={port}))')
    if importlib.util.find_spec('gevent') is None:
        # bench.py patches the standard library by it and uses it for nothing else.
        code = 'import sys, types\ng = types.ModuleType("gevent"); g.monkey = types.SimpleNamespace(patch_all=lambda: None)\n' \
               'import_hook = __import__\ndef imported(name, *rest):\n    if name == "gevent" and rest[2:3] == (("monkey",),): return g\n' \
               '    return import_hook(name, *rest)\nimport builtins; builtins.__import__ = imported\n' + code
    done = subprocess.run(['/usr/bin/python3', '-c', code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return [float(line.rsplit(':', 1)[1]) for line in done.stdout.splitlines()]


# ---- The same requests, as fast as the server takes them ----

def loop_of(client_class, protocol):
    """bench.py's requests in its order, part by part, as its own client spells them."""
    n = 10000
    array = [1, 2, 3, 4, 5, 6, [7, 8, 9, [10, 11, 12], 13], 14, 15]
    nested = {'k1': 'v1', 'k2': 'v2', 'k3': {'v3': {'v4': 'v5'}}}

    def spell(*arguments):
        out = io.BytesIO()
        out.write = out.write
        protocol.write_response(out, arguments)
        return out.getvalue()

    return {
        'get/set': [spell(b'SET', f'k{i}', f'v{i}') for i in range(n)] + [spell(b'GET', f'k{i}') for i in range(n + n // 10)],
        'arrays': [spell(b'SET', f'k{i}', array) for i in range(n)] + [spell(b'GET', f'k{i}') for i in range(n)],
        'dicts': [spell(b'SET', f'k{i}', nested) for i in range(n)] + [spell(b'GET', f'k{i}') for i in range(n)],
    }


def size_of_reply(data, at):
    """Where the reply that begins at `at` ends; None: not all of it is there."""
    left = 1
    while left:
        end = data.find(b'\r\n', at)
        if end < 0:
            return None
        kind = data[at:at + 1]
        left -= 1
        if kind in b'$^':
            length = int(data[at + 1:end])
            at = end + 2 + (length + 2 if length >= 0 else 0)
            if at > len(data):
                return None
            continue
        if kind in b'*&':
            left += int(data[at + 1:end])
        elif kind == b'%':
            left += 2 * int(data[at + 1:end])
        at = end + 2
    return at


def drive(port, batches, expected):
    """`batches`: pairs of bytes to send and the size of their replies."""
    connection = socket.create_connection(('127.0.0.1', port), 60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    room = bytearray(1 << 18)
    for data, size in batches:
        connection.sendall(data)
        while size > 0:
            count = connection.recv_into(room)
            assert count > 0
            size -= count
        assert size == 0
    connection.close()
    expected.append(True)


def sizes_of(port, requests):
    """Bytes of each reply, by asking once. (So that driving costs little, whoever answers.)"""
    connection = socket.create_connection(('127.0.0.1', port), 60)
    sizes = []
    for i in range(0, len(requests), UNDER_WAY):
        batch = requests[i:i + UNDER_WAY]
        connection.sendall(b''.join(batch))
        data, at, got = b'', 0, 0
        while got < len(batch):
            end = size_of_reply(data, at)
            if end is None:
                piece = connection.recv(1 << 16)
                assert piece
                data += piece
                continue
            sizes.append(end - at)
            at, got = end, got + 1
    connection.close()
    return sizes


def rate(port, requests):
    """Requests per second, each connection having its share in the same order."""
    sizes = sizes_of(port, requests)
    shares = []
    for c in range(CONNECTIONS):
        mine = list(zip(requests, sizes))[c::CONNECTIONS]
        batches = [mine[i:i + UNDER_WAY] for i in range(0, len(mine), UNDER_WAY)]
        shares.append([(b''.join(data for data, _ in batch), sum(size for _, size in batch)) for batch in batches])
    best = 0
    for _ in range(ROUNDS):
        done = []
        threads = [threading.Thread(target=drive, args=(port, share, done)) for share in shares]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - start
        assert len(done) == CONNECTIONS
        best = max(best, len(requests) / seconds)
    return best


def bench(report, checkout, binary):
    simpledb = importlib.import_module('simpledb')
    parts = loop_of(simpledb.Client, simpledb.ProtocolHandler())
    mini_port = free_port()
    counts = [len(requests) for requests in parts.values()]
    with TheirServer(checkout) as theirs, Server(binary, {'miniredis-port': mini_port}):
        print(f'their server: {"gevent" if theirs.with_gevent else "threads, without gevent"}')
        through = {name: with_their_client(checkout, port) for name, port in (('their server', theirs.port), ('tusk-server', mini_port))}
        print('bench.py, one connection, through their client (requests/s):')
        for name, seconds in through.items():
            print(f'  {name:13}' + ''.join(f'{part}: {count / time_taken:9.0f}  ' for part, count, time_taken in zip(parts, counts, seconds)))
        print(f'the same requests, {CONNECTIONS} connections, {UNDER_WAY} under way on each (requests/s):')
        rates = {name: [rate(port, requests) for requests in parts.values()] for name, port in (('their server', theirs.port), ('tusk-server', mini_port))}
        for name, figures in rates.items():
            print(f'  {name:13}' + ''.join(f'{part}: {figure:9.0f}  ' for part, figure in zip(parts, figures)))
        for part, slow, fast in zip(parts, *rates.values()):
            report.check(f'{part}: {fast / slow:.1f} times their rate', fast >= WANTED * slow, f'{WANTED} wanted')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--server', default='build/release/src/main/tusk-server')
    parser.add_argument('--checkout', default=os.environ.get('SIMPLEDB', ''))
    parser.add_argument('--bench', action='store_true')
    options = parser.parse_args()
    if not os.path.exists(os.path.join(options.checkout, 'simpledb.py')):
        print('SKIP simpledb: no checkout. git clone https://github.com/coleifer/simpledb, then --checkout PATH or SIMPLEDB=PATH')
        return
    checkout = os.path.abspath(options.checkout)
    binary = shutil.which(options.server) or os.path.abspath(options.server)
    report = Report()
    mini_port = free_port()
    # Its tests save to a file right in /tmp, which so has to be the data directory.
    with Server(binary, {'miniredis-port': mini_port, 'dir': '/tmp', 'dbfilename': 'none.rdb'}):
        report.run('its five tests', its_tests, checkout, mini_port)
    if options.bench:
        bench(report, checkout, binary)
    report.finish()


if __name__ == '__main__':
    main()
