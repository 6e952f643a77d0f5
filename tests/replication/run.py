#!/usr/bin/python3
"""Replication between tusk-server and Debian's redis-server, each as master of the other, and Tusk with itself.

  tests/replication/run.py [--server build/dev/src/main/tusk-server] [--writes 3000] [--seed N]

While several connections write, a replica joins, loses its connection and comes back; at the end both hold the same
data. Last line: `N passed, N failed`.
"""
import argparse
import os
import random
import signal
import socket
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.realpath(os.path.join(HERE, '..', '..'))
sys.path.insert(0, os.path.join(HERE, '..'))
from support.report import Report  # noqa: E402
from support.resp import is_error, show, to_bytes  # noqa: E402
from support.servers import Server  # noqa: E402

WRITERS = 4
# What there is before the writers begin: enough that the copy of it takes a while.
LARGE_VALUES = 4000
LARGE_BYTES = 8000
KEYS_PER_TYPE = 40
SCRIPT = "redis.call('INCR', KEYS[1]); return redis.call('SADD', KEYS[2], ARGV[1])"
READ = {'string': ('GET',), 'list': ('LRANGE', '0', '-1'), 'hash': ('HGETALL',), 'set': ('SMEMBERS',),
        'zset': ('ZRANGE', '0', '-1', 'WITHSCORES')}


def commands(dice):
    """One unit of writes: a command, or a transaction."""
    def name(kind):
        return f'{kind}:{dice.randrange(KEYS_PER_TYPE)}'

    text = 'x' * dice.choice((1, 30, 300, 20000)) + str(dice.random())
    number = dice.randrange(1000)
    menu = [
        lambda: ['SET', name('s'), text],
        lambda: ['SET', name('s'), number, 'PX', 3600000],
        lambda: ['INCR', name('n')],
        lambda: ['APPEND', name('a'), 'yz'],
        lambda: ['RPUSH', name('l'), number, text[:40]],
        lambda: ['LPOP', name('l')],
        lambda: ['LMOVE', name('l'), name('l'), 'LEFT', 'RIGHT'],
        lambda: ['HSET', name('h'), f'f{number}', text[:100]],
        lambda: ['HINCRBYFLOAT', name('h2'), 'f', '0.1'],
        lambda: ['SADD', name('t'), number, text[:20]],
        lambda: ['SPOP', name('t'), 2],
        lambda: ['ZADD', name('z'), dice.random(), f'm{number}'],
        lambda: ['ZINCRBY', name('z'), '1.5', f'm{number}'],
        lambda: ['ZPOPMIN', name('z')],
        lambda: ['DEL', name(dice.choice('slhtz'))],
        lambda: ['PEXPIRE', name('s'), 3600000],
        lambda: ['PEXPIRE', name('n'), 1],
        lambda: ['EVAL', SCRIPT, 2, name('n'), name('t'), number],
        lambda: ['RENAME', name('s'), name('s')],
        lambda: ['SUNIONSTORE', 't:union', name('t'), name('t')],
    ]
    if dice.random() < 0.1:
        return [['MULTI'], dice.choice(menu)(), dice.choice(menu)(), ['EXEC']]
    return [dice.choice(menu)()]


def write(server, seed, count, db, done):
    dice = random.Random(seed)
    connection = server.connect()
    connection.call('SELECT', db)
    for _ in range(count):
        connection.pipeline([[to_bytes(word) for word in command] for command in commands(dice)])
    connection.close()
    done.append(seed)


def dataset(server):
    connection = server.connect()
    found = {}
    for db in range(3):
        connection.call('SELECT', db)
        for key in connection.call('KEYS', '*'):
            kind = str(connection.call('TYPE', key).value.decode())
            if kind == 'none':
                continue  # It expired meanwhile.
            command, *rest = READ[kind]
            value = connection.call(command, key, *rest)
            found[(db, key)] = (kind, sorted(value) if kind in ('set', 'hash') else value,
                                connection.call('PEXPIRETIME', key))
    connection.close()
    return found


def info(server, field):
    connection = server.connect()
    text = connection.call('INFO').decode()
    connection.close()
    for line in text.splitlines():
        if line.startswith(field + ':'):
            return line.split(':', 1)[1]
    return None


def await_true(what, condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f'not within {seconds} s: {what}'
        time.sleep(0.05)


def follow(replica, master):
    connection = replica.connect()
    reply = connection.call('REPLICAOF', '127.0.0.1', master.port)
    connection.close()
    assert not is_error(reply), show(reply)
    await_true('the link is up', lambda: info(replica, 'master_link_status') == 'up')
    await_true('the master knows', lambda: 'state=online' in (info(master, 'slave0') or ''))


def equal_at_rest(master, replica):
    connection = master.connect()
    # Keys that are due go now, not between the two looks.
    time.sleep(0.3)
    connection.call('SET', 'last', 'write')
    got = connection.call('WAIT', 1, 10000)
    connection.close()
    assert got == 1, f'WAIT answered {show(got)}'
    first, second = dataset(master), dataset(replica)
    differ = [key for key in first.keys() | second.keys() if first.get(key) != second.get(key)]
    assert not differ, (f'{len(differ)} of {len(first)} keys differ: {differ[:3]}: '
                        f'{show(first.get(differ[0]))} | {show(second.get(differ[0]))}')


def fill(server):
    connection = server.connect()
    for start in range(0, LARGE_VALUES, 100):
        connection.pipeline([[b'SET', b'large:%d' % i, random.randbytes(LARGE_BYTES)] for i in range(start, start + 100)])
    connection.close()


def joins_under_load(master, replica, options):
    fill(master)
    done = []
    writers = [threading.Thread(target=write, args=(master, options.seed + i, options.writes, i % 3, done))
               for i in range(WRITERS)]
    for writer in writers:
        writer.start()
    time.sleep(0.2)
    follow(replica, master)
    connection = master.connect()
    time.sleep(0.3)
    connection.call('CLIENT', 'KILL', 'TYPE', 'replica')
    connection.close()
    for writer in writers:
        writer.join()
    assert len(done) == WRITERS, 'a writer failed'
    await_true('the link is up again', lambda: info(replica, 'master_link_status') == 'up')
    equal_at_rest(master, replica)


def goes_on_where_it_stopped(master, replica, _):
    before = int(info(master, 'sync_partial_ok'))
    connection = master.connect()
    connection.call('CLIENT', 'KILL', 'TYPE', 'replica')
    connection.call('SET', 'while-away', '1')
    await_true('a partial resync', lambda: int(info(master, 'sync_partial_ok')) > before)
    connection.close()
    equal_at_rest(master, replica)


def a_killed_link_comes_back_by_itself(master, replica, _):
    """CLIENT KILL at the replica, by the master's address."""
    before = int(info(master, 'sync_partial_ok'))
    connection = replica.connect()
    reply = connection.call('CLIENT', 'KILL', f'127.0.0.1:{master.port}')
    assert not is_error(reply), show(reply)
    assert is_error(connection.call('CLIENT', 'KILL', '127.0.0.1:1'))
    connection.close()
    await_true('a partial resync', lambda: int(info(master, 'sync_partial_ok')) > before)
    equal_at_rest(master, replica)
    await_true('both tell the same offset', lambda: info(master, 'master_repl_offset') == info(replica, 'master_repl_offset'))
    assert info(master, 'master_replid') == info(replica, 'master_replid')


def a_paused_replica_reads_on_and_applies_later(master, replica, _):
    ours, theirs = master.connect(), replica.connect()
    theirs.call('CLIENT', 'PAUSE', 100000, 'WRITE')
    applied = int(info(replica, 'slave_repl_offset'))
    ours.call('SET', 'paused', '1')
    await_true('it has been read', lambda: int(info(replica, 'slave_read_repl_offset')) > applied)
    assert int(info(replica, 'slave_repl_offset')) == applied
    assert show(theirs.call('GET', 'paused')) == '(nil)'
    theirs.call('CLIENT', 'UNPAUSE')
    ours.close()
    theirs.close()
    equal_at_rest(master, replica)


def read_until(connection, data, enough):
    while not enough(data):
        got = connection.recv(65536)
        assert got, f'closed after {len(data)} bytes'
        data += got
    return data


def sends_the_length_to_who_knows_no_mark(master, _, __):
    """SYNC alone, as replicas of old and simple tools send it: the length, the copy, at once the stream."""
    with socket.create_connection(('127.0.0.1', master.port), timeout=30) as connection:
        connection.sendall(b'SYNC\r\n')
        data = read_until(connection, b'', lambda data: b'\r\n' in data.lstrip(b'\n'))
        header, _, data = data.lstrip(b'\n').partition(b'\r\n')
        assert header.startswith(b'$'), header
        length = int(header[1:])
        assert length > LARGE_VALUES * LARGE_BYTES, length
        data = read_until(connection, data, lambda data: len(data) >= length)
        assert data.startswith(b'REDIS'), data[:10]
        writer = master.connect()
        writer.call('SET', 'after-the-copy', '1')
        writer.close()
        read_until(connection, data[length:], lambda data: b'after-the-copy' in data)


def tells_subscribers_of_the_replica(master, replica, _):
    listener, speaker = replica.connect(), master.connect()
    listener.call('SUBSCRIBE', 'news')
    speaker.call('PUBLISH', 'news', 'hello')
    assert listener.read() == [b'message', b'news', b'hello']
    listener.close()
    speaker.close()


def refuses_writes_and_hides_expired_keys(master, replica, _):
    ours, theirs = master.connect(), replica.connect()
    refused = theirs.call('SET', 'x', '1')
    assert is_error(refused) and b'READONLY' in refused.value, show(refused)
    ours.call('SET', 'short', '1', 'PX', 200)
    assert ours.call('WAIT', 1, 5000) == 1
    time.sleep(0.3)
    assert theirs.call('GET', 'short') is None or show(theirs.call('GET', 'short')) == '(nil)'
    ours.close()
    theirs.close()


def waiting_readers_end_where_a_replica_begins(_, replica, __):
    """Runs last: the replica is a master again, and becomes a replica of nobody who could be reached."""
    waiting, connection = replica.connect(), replica.connect()
    waiting.send(b'BLPOP', b'nothing-there', b'0')
    await_true('it waits', lambda: info(replica, 'blocked_clients') == '1')
    connection.call('REPLICAOF', '127.0.0.1', 1)
    reply = waiting.read()
    assert is_error(reply) and reply.value.startswith(b'UNBLOCKED'), show(reply)
    connection.call('REPLICAOF', 'NO', 'ONE')
    waiting.close()
    connection.close()


def becomes_a_master_again(_, replica, __):
    connection = replica.connect()
    size = connection.call('DBSIZE')
    assert not is_error(connection.call('REPLICAOF', 'NO', 'ONE'))
    assert not is_error(connection.call('SET', 'own', '1'))
    assert connection.call('DBSIZE') == size + 1
    connection.close()


def a_planned_failover_loses_no_write(master, replica, _):
    follow(replica, master)
    acknowledged, refused = [0], threading.Event()

    def count():
        connection = master.connect()
        while not refused.is_set():
            got = connection.call('INCR', 'through-failover')
            if is_error(got):
                assert b'READONLY' in got.value, show(got)
                refused.set()
            else:
                acknowledged[0] = int(got)
        connection.close()

    writer = threading.Thread(target=count)
    writer.start()
    await_true('somebody writes', lambda: acknowledged[0] > 100)
    connection, other = master.connect(), replica.connect()
    reply = connection.call('FAILOVER', 'TO', '127.0.0.1', replica.port, 'TIMEOUT', '20000')
    assert not is_error(reply), show(reply)
    await_true('the roles have changed', lambda: info(master, 'role') == 'slave' and info(replica, 'role') == 'master', 40)
    await_true('it is over', lambda: info(master, 'master_failover_state') == 'no-failover')
    await_true('the old master follows', lambda: info(master, 'master_link_status') == 'up', 60)
    writer.join(30)
    assert refused.is_set(), 'writes are still taken'
    assert int(other.call('GET', 'through-failover')) == acknowledged[0], 'a write was lost, or one came after the last'
    other.call('SET', 'after-failover', '1')
    await_true('the stream goes on', lambda: connection.call('GET', 'after-failover') == b'1')
    for ending in (connection, other):
        ending.call('REPLICAOF', 'NO', 'ONE')
        ending.close()


def a_failover_that_waits_in_vain_is_taken_back(master, replica, _):
    if 'redis-server' in master.binary:
        return
    follow(replica, master)
    connection = master.connect()
    assert is_error(connection.call('FAILOVER', 'TO', '127.0.0.1', 1)), 'that is no replica'
    assert is_error(connection.call('FAILOVER', 'ABORT')), 'there is nothing to abort'
    replica.process.send_signal(signal.SIGSTOP)
    try:
        connection.call('SET', 'unseen', '1')
        assert not is_error(connection.call('FAILOVER', 'TIMEOUT', '300'))
        assert is_error(connection.call('REPLICAOF', '127.0.0.1', 1)), 'not meanwhile'
        await_true('it gives up', lambda: info(master, 'master_failover_state') == 'no-failover')
        assert not is_error(connection.call('SET', 'unseen', '2')), 'it leads on'
        assert not is_error(connection.call('FAILOVER'))
        assert info(master, 'master_failover_state') == 'waiting-for-sync'
        assert not is_error(connection.call('FAILOVER', 'ABORT'))
        assert not is_error(connection.call('SET', 'unseen', '3'))
    finally:
        replica.process.send_signal(signal.SIGCONT)
    connection.close()
    back = replica.connect()
    await_true('the replica catches up', lambda: back.call('GET', 'unseen') == b'3')
    back.call('REPLICAOF', 'NO', 'ONE')
    back.close()


def a_master_that_ends_waits_for_its_replica(master, replica, _):
    """Ends the master, so that it is the last."""
    follow(replica, master)
    connection = master.connect()
    connection.call('SET', 'counted', '1')
    assert connection.call('WAIT', 1, 10000) == 1
    replica.process.send_signal(signal.SIGSTOP)
    try:
        connection.call('INCR', 'counted')
        master.process.send_signal(signal.SIGTERM)
        await_true('it waits', lambda: int(info(master, 'shutdown_in_milliseconds') or 0) > 0)
        late = master.connect()
        late.send(b'INCR', b'counted')
        time.sleep(0.3)
        assert master.alive(), 'it has not waited'
    finally:
        replica.process.send_signal(signal.SIGCONT)
    assert master.process.wait(20) == 0
    ours = replica.connect()
    assert ours.call('GET', 'counted') == b'2', 'a write came through while it waited, or the last one is lost'
    ours.close()


def a_master_that_was_restarted_goes_on(master, replica, _):
    """Tusk as master: its RDB file tells of which moment of the stream it is."""
    if os.path.basename(master.binary) == 'redis-server':
        return
    follow(replica, master)
    fill(master)
    connection = master.connect()
    connection.call('SET', 'short', '1', 'PX', '400')
    assert connection.call('WAIT', 1, 10000) == 1
    full_before = int(info(master, 'sync_full'))
    assert full_before >= 0
    connection.send(b'SHUTDOWN', b'SAVE')
    assert master.process.wait(20) == 0
    time.sleep(0.5)
    master.start()
    follow(replica, master)
    assert int(info(master, 'sync_full')) == 0, 'it had to send a copy'
    assert int(info(master, 'sync_partial_ok')) == 1
    connection = master.connect()
    connection.call('SET', 'after', 'restart')
    equal_at_rest(master, replica)
    ours = replica.connect()
    assert ours.call('GET', 'after') == b'restart'
    assert ours.call('DBSIZE') == connection.call('DBSIZE'), 'what expired meanwhile is still there'
    ours.call('REPLICAOF', 'NO', 'ONE')
    ours.close()


CASES = [joins_under_load, goes_on_where_it_stopped, a_killed_link_comes_back_by_itself,
         a_paused_replica_reads_on_and_applies_later, sends_the_length_to_who_knows_no_mark,
         tells_subscribers_of_the_replica, refuses_writes_and_hides_expired_keys, becomes_a_master_again, a_master_that_was_restarted_goes_on,
         waiting_readers_end_where_a_replica_begins, a_planned_failover_loses_no_write,
         a_failover_that_waits_in_vain_is_taken_back, a_master_that_ends_waits_for_its_replica]


def settings(binary):
    # So that both spell a score alike: redis-server 7.0 prints 17 digits.
    own = {} if binary == 'redis-server' else {'classic-number-format': 'yes'}
    return {'repl-diskless-sync-delay': '0', **own}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--server', default=os.path.join(ROOT, 'build/release/src/main/tusk-server'))
    parser.add_argument('--writes', type=int, default=3000, help='per connection')
    parser.add_argument('--seed', type=int, default=random.randrange(1 << 30))
    options = parser.parse_args()
    print(f'seed {options.seed}')
    report = Report()
    for master_binary, replica_binary in ((options.server, 'redis-server'), ('redis-server', options.server),
                                          (options.server, options.server)):
        with Server(master_binary, settings(master_binary)) as master, Server(replica_binary, settings(replica_binary)) as replica:
            pair = f'{os.path.basename(master_binary)} -> {os.path.basename(replica_binary)}'
            for case in CASES:
                report.run(f'{pair}: {case.__name__}', case, master, replica, options)
    report.finish()


if __name__ == '__main__':
    main()
