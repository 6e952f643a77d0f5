#!/usr/bin/python3
"""Nested values live as long as strings do: through RDB, append log, kill -9, replication, DUMP and snapshots under change; and Redis' own
server says what it lacks when it meets them.

  tests/documents/run.py [--server build/release/src/main/tusk-server] [--redis redis-server]

Last line: `N passed, N failed`.
"""
import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..')]
from support.report import Report  # noqa: E402
from support.servers import Server  # noqa: E402

SEED = int(os.environ.get('TUSK_SEED', random.randrange(1 << 32)))


def value(draw, depth):
    kind = draw.randrange(8 if depth else 6)
    if kind == 0:
        return draw.choice([None, True, False])
    if kind == 1:
        return draw.randrange(-(1 << 63), 1 << 63) >> draw.randrange(63)
    if kind == 2:
        return draw.uniform(-1e6, 1e6)
    if kind < 6:
        return draw.choice(['', 'a', 'text', '\u00e9\u20ac\U0001f600', 'x' * draw.randrange(400), '"\\\n\x01'])
    if kind == 6:
        return [value(draw, depth - 1) for _ in range(draw.randrange(30))]
    return {f'k{draw.randrange(50)}': value(draw, depth - 1) for _ in range(draw.randrange(30))}


def fill(connection, draw, count=200):
    """key -> what JSON.GET says."""
    for n in range(count):
        document = [value(draw, 4)]
        assert connection.call('JSON.SET', f'doc:{n}', '$', json.dumps(document)) == ('+', b'OK')
        assert json.loads(connection.call('JSON.GET', f'doc:{n}')) == document
    return read(connection, count)


def read(connection, count=200):
    return [connection.call('JSON.GET', f'doc:{n}') for n in range(count)]


def change(connection, draw, count=200):
    for n in range(0, count, 3):
        connection.call('JSON.ARRAPPEND', f'doc:{n}', '$', json.dumps(value(draw, 2)), '1')
        connection.call('JSON.NUMINCRBY', f'doc:{n}', '$[*]', '3')
        connection.call('JSON.DEL', f'doc:{n}', '$..k7')


def killed(server):
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()


def rdb(binary):
    with Server(binary) as server:
        connection = server.connect()
        expected = fill(connection, random.Random(SEED))
        assert connection.call('SAVE') == ('+', b'OK')
        killed(server)
        server.start()
        assert read(server.connect()) == expected


def append_log(binary):
    with Server(binary, {'appendonly': 'yes', 'appendfsync': 'always'}) as server:
        connection = server.connect()
        draw = random.Random(SEED)
        fill(connection, draw)
        change(connection, draw)
        expected = read(connection)
        killed(server)
        server.start()
        connection = server.connect()
        assert read(connection) == expected
        connection.call('BGREWRITEAOF')
        change(connection, draw)
        expected = read(connection)
        while b'aof_rewrite_in_progress:1' in connection.call('INFO', 'persistence'):
            time.sleep(0.02)
        killed(server)
        server.start()
        assert read(server.connect()) == expected


def replica(binary):
    with Server(binary) as master, Server(binary) as follower:
        connection, other = master.connect(), follower.connect()
        draw = random.Random(SEED)
        fill(connection, draw)
        other.call('REPLICAOF', '127.0.0.1', master.port)
        change(connection, draw)
        deadline = time.monotonic() + 20
        while connection.call('WAIT', 1, 1000) < 1:
            change(connection, draw, 3)
            assert time.monotonic() < deadline
        assert read(other) == read(connection)


def dump_and_restore(binary):
    with Server(binary) as server:
        connection = server.connect()
        expected = fill(connection, random.Random(SEED))
        for n in range(200):
            payload = connection.call('DUMP', f'doc:{n}')
            assert connection.call('RESTORE', f'doc:{n}', 0, payload, 'REPLACE') == ('+', b'OK')
            broken = bytearray(payload)
            broken[random.randrange(len(payload))] ^= 1
            assert connection.call('RESTORE', 'broken', 0, bytes(broken))[0] == '-'
        assert read(connection) == expected


def snapshot_under_change(binary):
    """What BGSAVE writes is the moment at which it began."""
    with Server(binary, {'rdb-key-save-delay': '500'}) as server:
        connection = server.connect()
        draw = random.Random(SEED)
        expected = fill(connection, draw)
        connection.call('BGSAVE')
        change(connection, draw)
        for n in range(0, 200, 2):
            connection.call('JSON.SET', f'doc:{n}', '$[0]', '"changed"')
        while b'rdb_bgsave_in_progress:1' in connection.call('INFO', 'persistence'):
            time.sleep(0.02)
        killed(server)
        server.start()
        assert read(server.connect()) == expected


TYPED = b'*5\r\n$3\r\nSET\r\n$5\r\ntyped\r\n%4\r\n$1\r\na\r\n~2\r\n:1\r\n#t\r\n:7\r\n$2\r\n\xff\xfe\r\n+e\r\n-ERR no\r\n_\r\n,1.5\r\n$2\r\nEX\r\n:1000\r\n'


def typed_values(binary):
    """What JSON cannot express comes back the same by log, by file and at a replica."""
    with Server(binary, {'appendonly': 'yes', 'appendfsync': 'always'}) as server, Server(binary) as follower:
        connection, other = server.connect(), follower.connect()
        connection.send_raw(TYPED)
        assert connection.read() == ('+', b'OK')
        other.call('REPLICAOF', '127.0.0.1', server.port)

        def seen(where):
            where.call('HELLO', 3)
            return where.call('GET', 'typed')
        expected = seen(connection)
        for rewritten in (False, True):
            killed(server)
            server.start()
            connection = server.connect()
            assert seen(connection) == expected and 0 < connection.call('TTL', 'typed') <= 1000, seen(connection)
            if not rewritten:
                connection.call('BGREWRITEAOF')
                while b'aof_rewrite_in_progress:1' in str(connection.call('INFO', 'persistence')).encode():
                    time.sleep(0.02)
        deadline = time.monotonic() + 20
        while seen(other) != expected:
            assert time.monotonic() < deadline, seen(other)
            time.sleep(0.05)


def figures(binary):
    """TYPE, OBJECT ENCODING and MEMORY USAGE follow what a document holds."""
    with Server(binary) as server:
        connection = server.connect()
        before = int(connection.call('INFO', 'memory').split(b'used_memory:')[1].split(b'\r')[0])
        for count, encoding in ((3, b'packed'), (2000, b'tree'), (3, b'packed')):
            text = json.dumps([f'text {n:06}' for n in range(count)], separators=(',', ':'))
            connection.call('JSON.SET', 'doc', '$', text)
            assert connection.call('TYPE', 'doc') == ('+', b'ReJSON-RL') and connection.call('OBJECT', 'ENCODING', 'doc') == encoding
            usage = connection.call('MEMORY', 'USAGE', 'doc', 'SAMPLES', 0)
            assert 0.5 * len(text) < usage < 2 * len(text) + 100, (len(text), usage)
            assert connection.call('SCAN', 0, 'TYPE', 'ReJSON-RL')[1] == [b'doc']
        connection.call('JSON.SET', 'large', '$', json.dumps(['x' * 1000] * 10000))
        assert connection.call('JSON.ARRPOP', 'large', '$', 0) and connection.call('UNLINK', 'large') == 1
        deadline = time.monotonic() + 20
        while int(connection.call('INFO', 'memory').split(b'used_memory:')[1].split(b'\r')[0]) > before + 1000000:
            assert time.monotonic() < deadline
            time.sleep(0.05)


# What JSON cannot express is of a module type of its own.
FACES = ((lambda connection: connection.call('JSON.SET', 'doc', '$', '[1]'), 'ReJSON-RL'),
         (lambda connection: (connection.send_raw(b'*3\r\n$3\r\nSET\r\n$3\r\ndoc\r\n~1\r\n:1\r\n'), connection.read()), 'Tusk-Docu'))


def run_to_its_end(*words):
    """A server that took the file would run on; this one's status is 0 or 1 as its own check of the file has it."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    return done.stdout + done.stderr


def redis_refuses_files(binary, redis):
    """redis-server says which type it lacks, and leaves the file as it is; redis-check-rdb finds it sound."""
    for write, name in FACES:
        with Server(binary) as server, Server(redis) as other:
            connection = server.connect()
            connection.call('SET', 'before', 'x')
            write(connection)
            payload = connection.call('DUMP', 'doc')
            connection.call('SAVE')
            reply = other.connect().call('RESTORE', 'doc', 0, payload)
            assert reply[0] == '-' and b'Bad data format' in reply[1], reply
            assert other.connect().call('EXISTS', 'doc') == 0
            other.stop()
            path = os.path.join(server.dir, 'dump.rdb')
            with open(path, 'rb') as file:
                before = file.read()
            shutil.copy(path, other.dir)
            said = run_to_its_end(redis, '--dir', other.dir, '--port', str(other.port))
            assert f"no matching module type '{name}'" in said, said[-1000:]
            check = shutil.which('redis-check-rdb')
            if check:
                done = subprocess.run([check, path], capture_output=True, text=True, timeout=30, check=False)
                # A module's value is made so that it can be walked over without the module: the file is sound, and found to be.
                assert done.returncode == 0 and 'RDB looks OK' in done.stdout and '2 keys read' in done.stdout, done.stdout
            with open(path, 'rb') as file:
                assert file.read() == before


def redis_refuses_logs(binary, redis):
    """The same of an append log: its base names the type, its commands are unknown."""
    for write, name in FACES:
        for rewritten in (True, False):
            with Server(binary, {'appendonly': 'yes'}) as server, Server(redis, {'appendonly': 'yes'}) as other:
                connection = server.connect()
                write(connection)
                if rewritten:
                    connection.call('BGREWRITEAOF')
                    while b'aof_rewrite_in_progress:1' in connection.call('INFO', 'persistence'):
                        time.sleep(0.02)
                server.stop()
                other.stop()
                folder = os.path.join(other.dir, 'appendonlydir')
                shutil.rmtree(folder, ignore_errors=True)
                shutil.copytree(os.path.join(server.dir, 'appendonlydir'), folder)
                said = run_to_its_end(redis, '--dir', other.dir, '--port', str(other.port), '--appendonly', 'yes')
                wanted = f"no matching module type '{name}'" if rewritten else "Unknown command '"
                assert wanted in said, said[-1000:]
                check = shutil.which('redis-check-aof')
                if check and not rewritten:
                    manifest = next(name for name in os.listdir(folder) if name.endswith('.manifest'))
                    done = subprocess.run([check, os.path.join(folder, manifest)], capture_output=True, text=True, timeout=30, check=False)
                    assert done.returncode == 0 and 'All AOF files and manifest are valid' in done.stdout, done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--server', default=os.path.join(HERE, '../../build/release/src/main/tusk-server'))
    parser.add_argument('--redis', default='redis-server')
    options = parser.parse_args()
    report = Report()
    print(f'seed {SEED}')
    for case in (rdb, append_log, replica, dump_and_restore, snapshot_under_change, typed_values, figures):
        report.run(f'documents: {case.__name__.replace("_", " ")}', case, options.server)
    if shutil.which(options.redis):
        report.run('documents: redis refuses files', redis_refuses_files, options.server, options.redis)
        report.run('documents: redis refuses logs', redis_refuses_logs, options.server, options.redis)
    report.finish()


if __name__ == '__main__':
    main()
