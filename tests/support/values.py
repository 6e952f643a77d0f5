"""Keys of every type, encoding and corner, and what can be seen of them: for rigs that move data between servers."""
import random

SEED = 20261122


def words(random_source, count, longest=20):
    return [bytes(random_source.randrange(256) for _ in range(random_source.randrange(longest + 1))) + b'-%d' % i for i in range(count)]


def dataset():
    """Commands by key, each key another type, encoding or corner."""
    source = random.Random(SEED)
    flat = lambda pairs: [part for pair in pairs for part in pair]
    scores = lambda names: flat((source.choice([b'1', b'-2.5', b'1e300', b'inf', b'-inf', b'3.0000000000000004', b'17']), name) for name in names)
    yield 'string:empty', ['SET', b'']
    yield 'string:integer', ['SET', b'12345']
    for value in (b'0', b'-1', b'127', b'128', b'-129', b'32768', b'2147483648', b'9223372036854775807', b'007', b'1.0'):
        yield 'string:' + value.decode(), ['SET', value]
    yield 'string:embedded', ['SET', b'short text']
    yield 'string:raw', ['SET', bytes(source.randrange(256) for _ in range(5000))]
    yield 'string:compressible', ['SET', b'abcabc' * 20000]
    yield 'list:small', ['RPUSH', b'a', b'', b'12', b'-70000', b'x' * 70]
    yield 'list:nodes', ['RPUSH', *words(source, 3000)]
    yield 'list:large elements', ['RPUSH', b'a', b'y' * 100000, b'b', b'z' * 20000]
    yield 'set:integers', ['SADD', *map(str, range(-100, 300))]
    yield 'set:wide integers', ['SADD', '1', '70000', '-5000000000']
    yield 'set:words', ['SADD', b'', *words(source, 60)]
    yield 'set:large', ['SADD', *words(source, 3000)]
    yield 'set:many integers', ['SADD', *map(str, range(2000))]
    yield 'zset:small', ['ZADD', *scores(words(source, 40))]
    yield 'zset:large', ['ZADD', *scores(words(source, 2000))]
    yield 'zset:long names', ['ZADD', *scores(words(source, 10, 100))]
    yield 'hash:small', ['HSET', *flat((name, b'%d' % i) for i, name in enumerate(words(source, 50)))]
    yield 'hash:large', ['HSET', *flat((name, name[::-1]) for name in words(source, 1500))]
    yield 'hash:long values', ['HSET', b'f', b'v' * 1000, b'g', b'']
    yield 'stream:plain', ['XADD', '1-1', 'a', '1', 'b', '2']


def create(connection, name, command):
    return connection.call(command[0], name, *command[1:])


def content(connection, name):
    kind = connection.call('TYPE', name)[1].decode()
    if kind == 'hash' or kind == 'set':
        reply = connection.call('HGETALL' if kind == 'hash' else 'SMEMBERS', name)
        items = list(zip(reply[::2], reply[1::2])) if kind == 'hash' else reply
        return kind, sorted(items)
    if kind == 'zset':
        # Numbers, since releases spell them in different ways.
        reply = connection.call('ZRANGE', name, 0, -1, 'WITHSCORES')
        return kind, list(zip(reply[::2], map(float, reply[1::2])))
    query = {'string': ['GET', name], 'list': ['LRANGE', name, 0, -1], 'stream': ['XRANGE', name, '-', '+']}
    return kind, connection.call(*query[kind]) if kind in query else None


def difference(source, target, names):
    """Nothing if the keys are alike in both; otherwise the first difference."""
    for name in names:
        there, here = (content(c, name) + (c.call('PEXPIRETIME', name),) for c in (source, target))
        if there != here:
            return f'{name}: {str(there)[:200]} became {str(here)[:200]}'
    return None
