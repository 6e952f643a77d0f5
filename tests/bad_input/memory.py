"""`maxmemory` reached under every policy: who may write, who is evicted, and that memory stays in bounds."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
from connections import info  # noqa: E402
from support import resp  # noqa: E402
from support.servers import Server  # noqa: E402

MIB = 1 << 20
LIMIT = 48 * MIB
VALUE = b'v' * 1000
KEYS = 100000  # about twice the limit
POLICIES = ['noeviction', 'allkeys-lru', 'allkeys-lfu', 'allkeys-random', 'volatile-lru', 'volatile-lfu', 'volatile-random', 'volatile-ttl']
OOM = b"OOM command not allowed when used memory > 'maxmemory'."


def fill(connection, prefix, count, deadline=None):
    """-> (stored, refused)"""
    commands = []
    for n in range(count):
        command = [b'SET', b'%b:%d' % (prefix, n), VALUE]
        if deadline:
            command += [b'EX', b'%d' % deadline(n)]
        commands.append(command)
    replies = connection.pipeline(commands)
    refused = [reply for reply in replies if resp.is_error(reply)]
    assert all(reply.value == OOM for reply in refused), f'{resp.show(next(r for r in refused if r.value != OOM))}'
    return len(replies) - len(refused), len(refused)


def within_bounds(server, connection):
    used = int(info(connection, 'memory', 'used_memory'))
    assert used < LIMIT * 1.05, f'used_memory {used} above maxmemory {LIMIT}'
    rss = server.rss_bytes()
    assert rss < LIMIT * 1.6 + 64 * MIB, f'RSS {rss / MIB:.0f} MiB with maxmemory {LIMIT / MIB:.0f} MiB'


def start(binary, policy):
    return Server(binary, {'maxmemory': str(LIMIT), 'maxmemory-policy': policy})


def full_without_eviction(binary, policy):
    """noeviction, and every volatile policy when no key has a deadline: writes are refused, the rest works."""
    with start(binary, policy) as server:
        connection = server.connect()
        stored, refused = fill(connection, b'plain', KEYS)
        assert stored > KEYS // 4 and refused > KEYS // 20, f'stored {stored}, refused {refused}'
        within_bounds(server, connection)
        assert connection.call('DBSIZE') == stored and info(connection, 'stats', 'evicted_keys') == b'0'
        assert connection.call('GET', 'plain:0') == VALUE
        for write in (['LPUSH', 'l', 'x'], ['INCR', 'n'], ['SADD', 's', 'x'], ['COPY', 'plain:0', 'copy']):
            reply = connection.call(*write)
            assert resp.is_error(reply) and reply.value == OOM, f'{write}: {resp.show(reply)}'
        reply = connection.call('EVAL', "return redis.call('set','x','y')", '1', 'x')
        assert resp.is_error(reply) and b'OOM' in reply.value, resp.show(reply)
        connection.call('MULTI')
        queued = connection.call('SET', 'x', 'y')
        assert resp.is_error(queued) and queued.value == OOM, resp.show(queued)
        assert resp.is_error(connection.call('EXEC'))
        assert connection.call(*['DEL'] + [f'plain:{n}' for n in range(stored // 2)]) > 0
        assert connection.call('SET', 'room', 'again') == resp.Tagged('+', b'OK')


def evicts_any(binary, policy):
    with start(binary, policy) as server:
        connection = server.connect()
        stored, refused = fill(connection, b'plain', KEYS)
        assert refused == 0, f'{refused} writes refused'
        within_bounds(server, connection)
        left, evicted = connection.call('DBSIZE'), int(info(connection, 'stats', 'evicted_keys'))
        # INFO itself may evict a few more.
        assert abs(left + evicted - stored) < KEYS // 100 and evicted > KEYS // 20, f'{left} left, {evicted} evicted of {stored}'


def evicts_volatile_only(binary, policy):
    with start(binary, policy) as server:
        connection = server.connect()
        kept, _ = fill(connection, b'kept', 10000)
        stored, refused = fill(connection, b'volatile', KEYS, lambda n: 1000 + n)
        assert (kept, refused) == (10000, 0), f'kept {kept}, refused {refused}'
        within_bounds(server, connection)
        assert connection.call(*['EXISTS'] + [f'kept:{n}' for n in range(10000)]) == 10000, 'a key without a deadline was evicted'
        assert int(info(connection, 'stats', 'evicted_keys')) > KEYS // 20
        if policy == 'volatile-ttl':
            # Those that would end soonest go first; sampling blurs the border.
            late = connection.call(*['EXISTS'] + [f'volatile:{n}' for n in range(KEYS - 5000, KEYS)])
            assert late > 4500, f'only {late} of the 5000 latest deadlines are left'


def keeps_the_used(binary, policy):
    """Keys that are read all the time survive, nearly all of them, while others are written."""
    with start(binary, policy) as server:
        connection = server.connect()
        deadline = (lambda n: 100000) if policy.startswith('volatile') else None
        fill(connection, b'hot', 2000, deadline)
        hot = [[b'GET', b'hot:%d' % n] for n in range(2000)]
        for round_number in range(20):
            if policy.endswith('lru'):
                time.sleep(0.4)  # Redis' clock of last use ticks once a second
            connection.pipeline(hot)
            fill(connection, b'cold:%d' % round_number, KEYS // 20, deadline)
        alive = connection.call(*['EXISTS'] + [f'hot:{n}' for n in range(2000)])
        assert alive > 1500, f'only {alive} of 2000 keys in use survived'
        within_bounds(server, connection)


def cases(binary):
    yield 'noeviction refuses writes', full_without_eviction, binary, 'noeviction'
    for policy in POLICIES[1:]:
        if policy.startswith('allkeys'):
            yield f'{policy} evicts', evicts_any, binary, policy
        else:
            yield f'{policy} without deadlines refuses writes', full_without_eviction, binary, policy
            yield f'{policy} evicts keys with deadlines only', evicts_volatile_only, binary, policy
        if policy.endswith(('lru', 'lfu')):
            yield f'{policy} keeps what is used', keeps_the_used, binary, policy
