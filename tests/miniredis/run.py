#!/usr/bin/python3
"""The mini-Redis port, from outside: what goes over the wire byte by byte, every verb, malformed input, the faces of one value, files, expiry,
restart, replication, rights.

  tests/miniredis/run.py [--server build/release/src/main/tusk-server]

Last line: `N passed, N failed`.
"""
import argparse
import contextlib
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, '..', '..')
sys.path[:0] = [os.path.join(HERE, '..'), os.path.join(ROOT, 'examples', 'miniredis')]
import mini  # noqa: E402
from support.report import Report  # noqa: E402
from support.servers import Server, free_port  # noqa: E402

SEED = int(os.environ.get('TUSK_SEED', random.randrange(1 << 32)))
WAIT_SECONDS = 20


class MiniServer(Server):
    def __init__(self, binary, options=None):
        self.mini_port = free_port()
        super().__init__(binary, {'miniredis-port': self.mini_port, **(options or {})})

    def mini(self):
        return mini.Mini(port=self.mini_port)

    def raw(self):
        return socket.create_connection(('127.0.0.1', self.mini_port), WAIT_SECONDS)


# ---- Transcripts ----

def spell(line):
    out = bytearray()
    i = 0
    while i < len(line):
        if line[i] == ' ':
            out += b'\r\n'
        elif line.startswith('\\s', i):
            out += b' '
            i += 1
        elif line.startswith('\\\\', i):
            out += b'\\'
            i += 1
        elif line.startswith('\\x', i):
            out.append(int(line[i + 2:i + 4], 16))
            i += 3
        else:
            out += line[i].encode()
        i += 1
    return bytes(out) + b'\r\n'


def sections():
    found = []
    with open(os.path.join(HERE, 'transcripts.txt'), encoding='utf-8') as file:
        for line in file:
            line = line.rstrip('\n')
            if line.startswith('== '):
                found.append((line[3:], []))
            elif line and not line.startswith('#'):
                found[-1][1].append((line[0], line[2:]))
    return found


def is_line(text):
    """An inline request keeps its blanks."""
    return bool(text) and text[0] not in '+-:$^@*%&'


def receive(connection, size):
    data = b''
    while len(data) < size:
        piece = connection.recv(size - len(data))
        assert piece, f'closed after {data!r}'
        data += piece
    return data


def play(server, lines, piece):
    connection = server.raw()
    for kind, text in lines:
        if kind == '>':
            data = (text.encode() + b'\r\n') if is_line(text) else spell(text)
            for i in range(0, len(data), piece):
                connection.sendall(data[i:i + piece])
        elif kind == '<':
            expected = spell(text)
            got = receive(connection, len(expected))
            assert got == expected, f'{got!r} instead of {expected!r}'
        else:
            expected = b'-' + text.encode() + b'\r\n' if text else b''
            got = b''
            while data := connection.recv(65536):
                got += data
            assert got == expected, f'{got!r} instead of {expected!r}, then the end'
            return
    # Nothing more was said.
    connection.sendall(b'*1\r\n$15\r\nLENGTH_SCHEDULE\r\n')
    assert receive(connection, 4)[:1] == b':'


def transcripts(report, server):
    shown = set()
    for title, lines in sections():
        # What comes behind the end of a connection may reset it, and take its last words with it.
        for piece in (1 << 20,) if 'behind' in title else (1 << 20, 1):
            with contextlib.closing(server.connect()) as connection:
                connection.call('FLUSHALL')
            report.run(f'transcript {title} ({"whole" if piece > 1 else "byte by byte"})', play, server, lines, piece)
        shown |= {word.strip(':') for word in title.split() if word.strip(':').isupper()}
    with contextlib.closing(server.connect()) as connection:
        rows = connection.call('COMMAND', 'INFO', 'MINI')[0][9]
    verbs = {row[0].decode().split('|')[1].upper() for row in rows} - {'HELP', 'REFUSE'}
    elsewhere = {'INFO', 'SAVE', 'RESTORE', 'MERGE', 'SHUTDOWN'}  # Below.
    report.check('every verb is shown', verbs - elsewhere == shown - {'JSON', 'HTTP', 'UTF-8'} and len(verbs) == 68, str(verbs ^ shown))


def odds_and_ends(server):
    db = server.mini()
    info = db.info()
    assert list(info) == ['active_connections', 'commands_processed', 'command_errors', 'connections', 'keys', 'timestamp'], info
    assert abs(info['timestamp'] - time.time()) < 60 and isinstance(info['timestamp'], float), info
    before = db.info()
    db.get('k')
    db.pipeline([('NOPE',), ('LPUSH',)])
    after = db.info()
    assert after['command_errors'] == before['command_errors'] + 2, (before, after)
    assert after['commands_processed'] == before['commands_processed'] + 2, (before, after)
    assert after['active_connections'] >= 1


def unfinished(server):
    """A request that ends in its middle does not run; a connection that sends halves holds up nobody."""
    half = server.raw()
    half.sendall(b'*3\r\n$3\r\nSET\r\n$4\r\nhalf\r\n$10\r\nabc')
    db = server.mini()
    assert db.set('other', 1) == 1
    half.shutdown(socket.SHUT_WR)
    assert half.recv(100) == b''
    assert db.exists('half') == 0


def nesting(server):
    db = server.mini()
    value = 1
    for _ in range(128):
        value = [value]
    assert db.set('deep', value) == 1 and db.get('deep') == value
    for command in (('SET', 'deeper', [value]), ('RPUSH', 'q', value), ('HSET', 'h', 'f', value)):
        assert db.pipeline([command]) == [mini.Error('Value is nested too deeply.')], command
    assert db.get('deep') == value


# ---- Faces ----

def value(draw, depth):
    kind = draw.randrange(11 if depth else 7)
    if kind == 0:
        return None
    if kind == 1:
        return draw.randrange(-(1 << 63), 1 << 63) >> draw.randrange(63)
    if kind == 2:
        return draw.choice([draw.uniform(-1e6, 1e6), 1e300, 5e-324, -0.5])
    if kind < 5:
        return draw.choice(['', 'a', '42', 'text', '\u00e9\u20ac\U0001f600', 'x' * draw.randrange(400), '"\\\n\r\x01'])
    if kind < 7:
        return draw.choice([b'', b'a', b'42', b'\xff\x00', b'\r\n$3\r\n', bytes(draw.randrange(256) for _ in range(draw.randrange(100)))])
    if kind < 9:
        return [value(draw, depth - 1) for _ in range(draw.randrange(20))]
    if kind == 9:
        return {value(draw, 0): value(draw, depth - 1) for _ in range(draw.randrange(20))}
    return {value(draw, 0) for _ in range(draw.randrange(20))}


def as_json(item):
    """What JSON can say of it, as types/json_writer.h has it; None for what it can't."""
    if isinstance(item, list):
        return [as_json(one) for one in item]
    if isinstance(item, dict):
        return {key: as_json(one) for key, one in item.items()}
    return item


def json_value(draw, depth):
    kind = draw.randrange(6 if depth else 4)
    if kind == 0:
        return draw.choice([None, 1.5, -2.25e-7])
    if kind == 1:
        return draw.randrange(-(1 << 63), 1 << 63)
    if kind < 4:
        return draw.choice(['', 'a', '42', '\u00e9\u20ac', '"\\\n'])
    if kind == 4:
        return [json_value(draw, depth - 1) for _ in range(draw.randrange(20))]
    return {f'k{draw.randrange(100)}': json_value(draw, depth - 1) for _ in range(draw.randrange(20))}


def read_back(server):
    draw = random.Random(SEED)
    db = server.mini()
    for n in range(400):
        for key in ('k', b'k'):
            item = value(draw, 4)
            assert db.set(key, item) == 1
            got = db.get(key)
            assert got == item and type(got) is type(item), f'seed {SEED}, {n}: {got!r} instead of {item!r}'
    queue = [value(draw, 3) for _ in range(300)]
    assert db.rpush('queue', *queue) == len(queue)
    assert db.lrange('queue', 0) == queue and db.get('queue') == queue


def faces(server):
    """One value, written by one face, read by the others."""
    draw = random.Random(SEED)
    db = server.mini()
    with contextlib.closing(server.connect()) as plain, contextlib.closing(server.connect()) as typed:
        typed.call('HELLO', '3')
        for n in range(200):
            document = [json_value(draw, 4)]
            where = f'seed {SEED}, {n}: {document!r}'
            db.set('k', document)
            assert json.loads(plain.call('JSON.GET', 'k')) == document, where
            assert json.loads(plain.call('GET', 'k')) == document, where
            assert untyped(typed.call('GET', 'k')) == document, where
            plain.call('JSON.SET', 'j', '$', json.dumps(document))
            assert db.get('j') == document, where
            # What RESP3 spelled, typed back in.
            typed.send_raw(b'*3\r\n$3\r\nSET\r\n$1\r\nt\r\n' + resp3(document))
            typed.read()
            assert db.get('t') == document, where


def resp3(item):
    if item is None:
        return b'_\r\n'
    if isinstance(item, int):
        return b':%d\r\n' % item
    if isinstance(item, float):
        return b',%s\r\n' % repr(item).encode()
    if isinstance(item, str):
        data = item.encode()
        return b'$%d\r\n%s\r\n' % (len(data), data)
    if isinstance(item, list):
        return b'*%d\r\n' % len(item) + b''.join(map(resp3, item))
    return b'%%%d\r\n' % len(item) + b''.join(resp3(key) + resp3(one) for key, one in item.items())


def untyped(reply):
    """A RESP3 reply as a Python value."""
    if isinstance(reply, bytes):
        return reply.decode()
    if isinstance(reply, list):
        return [untyped(one) for one in reply]
    if isinstance(reply, tuple):
        tag, content = reply
        if tag == '%':
            return {untyped(key): untyped(one) for key, one in content}
        if tag == '_':
            return None
        if tag == ',':
            return float(content)
        return content
    return reply


def plain_values(server):
    db = server.mini()
    with contextlib.closing(server.connect()) as redis:
        redis.call('SET', 'text', 'hello')
        redis.call('SET', 'number', '42')
        redis.call('SET', 'bytes', b'\xff')
        assert [db.get(key) for key in ('text', 'number', 'bytes')] == ['hello', 42, b'\xff']
        assert [db.get(key) for key in (b'text', b'number', b'bytes')] == [b'hello', 42, b'\xff']
        db.set('a', 'x')
        db.set('b', 7)
        db.set('c', '8')
        db.set('d', b'y')
        assert [redis.call('GET', key) for key in 'abcd'] == [b'x', b'7', b'8', b'y']
        assert redis.call('APPEND', 'a', 'yz') == 3 and db.get('a') == 'xyz'
        assert redis.call('INCR', 'b') == 8 and db.incr('b') == 9
        assert redis.call('TYPE', 'a') == ('+', b'string') and redis.call('TYPE', 'c') == ('+', b'ReJSON-RL')


def redis_collections(server):
    db = server.mini()
    wrong_value = mini.Error('Operation against wrong value type.')
    with contextlib.closing(server.connect()) as redis:
        redis.call('RPUSH', 'list', 'a', '1', b'\xff')
        assert db.get('list') == ['a', 1, b'\xff'] == db.lrange('list', 0)
        assert db.rpush('list', 'b', 2) == 2 and db.llen('list') == 5 and db.lindex('list', -1) == 2
        assert db.pipeline([('RPUSH', 'list', [1]), ('LSET', 'list', 0, None)]) == [wrong_value] * 2
        assert db.lset('list', 0, b'A') == 1 and db.lrem('list', 1) == 1 and db.lpop('list') == 'A'
        assert redis.call('LRANGE', 'list', 0, -1) == [b'\xff', b'b', b'2']
        assert db.rpoplpush('list', 'list') == 1 and db.rpoplpush('list', 'document') == 1 and db.get('document') == ['b']
        assert db.ltrim('list', 0, 1) == 1 and redis.call('LRANGE', 'list', 0, -1) == [b'2']
        assert db.append('list', ['x']) == [2, 'x'] and db.lflush('list') == 2 and db.exists('list') == 0
        redis.call('HSET', 'hash', 'f', 'v', 'n', '1')
        assert db.get('hash') == {'f': 'v', 'n': 1} and db.hget('hash', 'f') == 'v' and db.hlen('hash') == 2
        assert db.hincrby('hash', 'n', 2) == 3 and db.hset('hash', 'g', 5) == 1 and db.hmget('hash', 'g', 'no') == {'g': 5, 'no': None}
        assert db.pipeline([('HSET', 'hash', 'x', {})]) == [wrong_value]
        assert [db.hdel('hash', field) for field in ('f', 'n', 'g')] == [1, 1, 1] and db.exists('hash') == 0
        redis.call('SADD', 'set', 'a', '1')
        assert db.smembers('set') == {'a', 1} and db.sismember('set', 1) == 1 and db.sadd('set', 'b', 2) == 4
        assert db.sadd('own', 'a', 'z') == 2 and set(db.sinter('set', 'own')) == {'a'}
        assert db.pipeline([('SADD', 'set', 1.5)]) == [wrong_value]
        assert db.srem('set', 'a', 1, 2) == 3 and db.spop('set') == ['b'] and db.exists('set') == 0
        redis.call('ZADD', 'zset', 1, 'a')
        assert db.pipeline([('GET', 'zset'), ('LPUSH', 'zset', 1)]) == [mini.Error('Operation against wrong key type.')] * 2
        # A list that somebody waits for.
        waiting = server.connect()
        waiting.send('BLPOP', 'awaited', 0)
        deadline = time.time() + WAIT_SECONDS
        while b'blocked_clients:1' not in redis.call('INFO', 'clients') and time.time() < deadline:
            time.sleep(0.01)
        redis.call('RPUSH', 'awaited', 'x')
        assert waiting.read() == [b'awaited', b'x']


# ---- Time, files, followers, rights ----

def expiry(server):
    db = server.mini()
    with contextlib.closing(server.connect()) as redis:
        db.setex('k', [1], 100)
        assert 99000 < redis.call('PTTL', 'k') <= 100000
        db.expire('k', 0.3)
        assert 0 < redis.call('PTTL', 'k') <= 300
        assert db.len() == 1
        deadline = time.time() + WAIT_SECONDS
        while db.len() and time.time() < deadline:
            time.sleep(0.01)
        assert db.len() == 0 and db.get('k') is None
        assert db.incr('k') == 1 and redis.call('PTTL', 'k') == -1
        db.expire('k', 100)
        db.incr('k')
        db.getset('k', 'x')
        assert redis.call('PTTL', 'k') > 0
        db.set('k', 1)
        assert redis.call('PTTL', 'k') == -1


def fill(db):
    db.mset({'text': 'x', 'number': 1, 'bytes': b'\xff', 'float': 1.5, 'null': None, 'nested': {'a': [1, {b'b', 2}]}})
    db.rpush('queue', 1, [2])
    db.hset('dict', 'f', {'g': 1})
    db.sadd('set', 1, 'a')
    db.setex('later', 1, 1000)
    db.add('2030-01-01 00:00:00', ['job'])


def everything(db):
    keys = ('text', 'number', 'bytes', 'float', 'null', 'nested', 'queue', 'dict', 'set', 'later')
    return db.mget(*keys), db.length_schedule(), db.len()


def files(server):
    db = server.mini()
    fill(db)
    saved = everything(db)
    assert db.restore('none.rdb') == 0 and db.merge('none.rdb') == 0
    assert db.save('state.rdb') == 1
    assert db.save(os.path.join(server.dir, 'state.rdb')) == 1  # Over its own, by an absolute path.
    db.set('text', 'changed')
    db.set('more', 1)
    db.flush_schedule()
    assert db.restore('state.rdb') == 1 and everything(db) == saved and db.get('more') is None
    with contextlib.closing(server.connect()) as redis:
        assert 990 < redis.call('TTL', 'later') <= 1000
    db.flushall()
    db.set('text', 'mine')
    db.set('more', 1)
    assert db.merge('state.rdb') == 1
    assert db.mget('text', 'more', 'nested', 'queue') == ['mine', 1, {'a': [1, {b'b', 2}]}, [1, [2]]] and db.length_schedule() == 1
    wrong = mini.Error("Path must name a file inside the server's data directory.")
    outside = os.path.join(os.path.dirname(server.dir), 'outside.rdb')
    os.symlink('/tmp', os.path.join(server.dir, 'link'))
    os.symlink(outside, os.path.join(server.dir, 'file-link.rdb'))
    with open(outside, 'wb') as file:
        file.write(b'REDIS')
    for verb in ('SAVE', 'RESTORE', 'MERGE'):
        for path in ('', '.', '..', '/', '../outside.rdb', outside, '/etc/passwd', 'link/x', 'file-link.rdb', 'no/such/directory', 'a\0b', 'x/', b'../x'):
            assert db.pipeline([(verb, path)]) == [wrong], (verb, path, db.pipeline([(verb, path)]))
    os.remove(outside)
    other = mini.Error('Path names a file that is no saved state.')
    with open(os.path.join(server.dir, 'redis.conf'), 'w', encoding='utf-8') as file:
        file.write('port 1\n')
    assert db.pipeline([('SAVE', 'redis.conf'), ('RESTORE', 'redis.conf')]) == [other, other]
    with open(os.path.join(server.dir, 'state.rdb'), 'rb') as file:
        damaged = bytearray(file.read())
    damaged[len(damaged) // 2] ^= 0xff
    with open(os.path.join(server.dir, 'damaged.rdb'), 'wb') as file:
        file.write(damaged)
    before = everything(db)
    assert db.pipeline([('RESTORE', 'damaged.rdb')]) == [other] and everything(db) == before
    assert db.pipeline([('SAVE', 5.5)]) == [mini.Error('Unhandled server error')]


def change(db, draw):
    """Every verb that writes, many times."""
    for _ in range(400):
        item = value(draw, 2)
        key = draw.choice('abcdefgh')
        member = value(draw, 0)
        db.pipeline([draw.choice([
            ('SET', key, item), ('SETEX', key, item, 1000), ('SETNX', key, item), ('GETSET', key, item), ('APPEND', key, item), ('INCR', key), ('DECRBY', key, 2),
            ('INCRBY', key, 0.5), ('MSET', {key: item, 'z': 1}), ('MSETEX', {key: item}, 1000), ('POP', key), ('MPOP', key, 'x'), ('DELETE', key), ('EXPIRE', key, 500.5),
            ('LPUSH', 'q' + key, item, member), ('RPUSH', 'q' + key, item), ('LPOP', 'q' + key), ('RPOP', 'q' + key), ('RPOPLPUSH', 'q' + key, 'qa'),
            ('LREM', 'q' + key, item), ('LSET', 'q' + key, 0, item), ('LTRIM', 'q' + key, 0, 5), ('LFLUSH', 'qb'),
            ('HSET', 'h' + key, member, item), ('HSETNX', 'h' + key, member, item), ('HMSET', 'h' + key, {member: item}), ('HINCRBY', 'h' + key, 'n'), ('HDEL', 'h' + key, member),
            ('SADD', 's' + key, member, 1), ('SREM', 's' + key, member), ('SPOP', 's' + key, 2), ('SUNIONSTORE', 'sa', 'sb', 'sc'), ('SDIFFSTORE', 'sd', 'sb', 'sc'),
            ('ADD', f'20{draw.randrange(10, 99)}-01-01 00:00:00', item), ('READ', '2020-01-01 00:00:00')])])


def digest(connection):
    return connection.call('DEBUG', 'DIGEST')


def followers(binary):
    draw = random.Random(SEED)
    with MiniServer(binary, {'appendonly': 'yes', 'enable-debug-command': 'yes'}) as master, \
            Server(binary, {'replicaof': f'127.0.0.1 {master.port}', 'enable-debug-command': 'yes'}) as replica:
        db = master.mini()
        change(db, draw)
        fill(db)
        db.save('state.rdb')
        change(db, draw)
        db.merge('state.rdb')
        with contextlib.closing(master.connect()) as redis, contextlib.closing(replica.connect()) as copy:
            deadline = time.time() + WAIT_SECONDS
            while digest(redis) != digest(copy) and time.time() < deadline:
                time.sleep(0.05)
            wanted = digest(redis)
            assert wanted == digest(copy), f'seed {SEED}: the replica differs'
            db.restore('state.rdb')
            scheduled = db.length_schedule()
            db.flush()
            assert scheduled == db.length_schedule() > 0 and db.len() == 0
            change(db, draw)
            deadline = time.time() + WAIT_SECONDS
            while digest(redis) != digest(copy) and time.time() < deadline:
                time.sleep(0.05)
            wanted = digest(redis)
            assert wanted == digest(copy), f'seed {SEED}: the replica differs after RESTORE and FLUSH'
            redis.call('DEBUG', 'LOADAOF')
            assert digest(redis) == wanted, f'seed {SEED}: the append log differs'


def restart(binary):
    with MiniServer(binary, {'save': '3600 1'}) as server:
        fill(server.mini())
        before = everything(server.mini())
        db = server.mini()
        assert db.shutdown() == 1
        assert server.process.wait(WAIT_SECONDS) == 0
        server.start()
        assert everything(server.mini()) == before


def rights(binary):
    with MiniServer(binary) as server:
        db = server.mini()
        with contextlib.closing(server.connect()) as redis:
            redis.call('ACL', 'SETUSER', 'default', '-mini|flush')
            assert str(db.pipeline([('FLUSH',)])[0]).startswith('NOPERM'), db.pipeline([('FLUSH',)])
            assert db.set('k', 1) == 1
            redis.call('CONFIG', 'SET', 'requirepass', 'secret')
            assert str(server.mini().pipeline([('GET', 'k')])[0]).startswith('NOAUTH')


def runtime_port(binary):
    with MiniServer(binary) as server, contextlib.closing(server.connect()) as redis:
        other = free_port()
        assert redis.call('CONFIG', 'SET', 'miniredis-port', other) == ('+', b'OK')
        assert mini.Mini(port=other).len() == 0
        redis.call('CONFIG', 'SET', 'miniredis-port', 0)
        try:
            mini.Mini(port=other)
        except ConnectionRefusedError:
            return
        raise AssertionError('it still listens')


def example(server):
    script = os.path.join(ROOT, 'examples', 'miniredis', 'mini.py')
    done = subprocess.run(['/usr/bin/python3', script, str(server.mini_port)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert '1000 increments at once: 1000' in done.stdout and 'an error: Operation against wrong key type.' in done.stdout, done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--server', default='build/release/src/main/tusk-server')
    options = parser.parse_args()
    binary = shutil.which(options.server) or os.path.abspath(options.server)
    report = Report()
    print(f'seed {SEED}')
    with MiniServer(binary) as server:
        transcripts(report, server)
        for case in (odds_and_ends, unfinished, nesting, read_back, faces, plain_values, redis_collections, expiry, files, example):
            server.mini().flushall()
            report.run(case.__name__.replace('_', ' '), case, server)
    for case in (followers, restart, rights, runtime_port):
        report.run(case.__name__.replace('_', ' '), case, binary)
    report.finish()


if __name__ == '__main__':
    main()
