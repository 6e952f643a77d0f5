"""Reads a server's whole dataset: every key's type, encoding, deadline and value."""
from compare import plain, without_times
from support.resp import Tagged, is_error, show

DATABASES = (0, 1, 9, 15)
READ = {b'string': (b'GET',), b'list': (b'LRANGE', b'0', b'-1'), b'hash': (b'HGETALL',), b'set': (b'SMEMBERS',),
        b'zset': (b'ZRANGE', b'0', b'-1', b'WITHSCORES'), b'stream': (b'XINFO STREAM', b'FULL', b'COUNT', b'0')}


def read_all(connection):
    """{(db, key): (type, encoding, deadline in ms, value)} over a RESP2 connection of the rig's own."""
    found = {}
    for db in DATABASES:
        connection.call('SELECT', db)
        keys = connection.call('KEYS', '*')
        commands = []
        for key in keys:
            commands += [[b'TYPE', key], [b'OBJECT', b'ENCODING', key], [b'PEXPIRETIME', key]]
        replies = connection.pipeline(commands)
        facts = [replies[at:at + 3] for at in range(0, len(replies), 3)]
        reads = []
        for key, (type_name, _, _) in zip(keys, facts):
            command, *rest = READ.get(type_name.value, (b'GET',))
            reads.append([*command.split(), key, *rest])
        for key, (type_name, encoding, deadline), value in zip(keys, facts, connection.pipeline(reads)):
            found[(db, key)] = (type_name.value, encoding, deadline, _normal(type_name.value, value))
    connection.call('SELECT', 0)
    return found


def _normal(type_name, value):
    if is_error(value) or isinstance(value, Tagged):
        return value
    if type_name == b'set':
        return sorted(map(plain, value))
    if type_name == b'stream':
        return without_times(value)
    if type_name == b'hash':
        return sorted(zip(value[::2], value[1::2]))
    return value


def differences(tusk, oracle):
    """Yields (key, text) in the form that the list of allowed differences is matched against."""
    for place in sorted(tusk.keys() | oracle.keys()):
        db, key = place
        name = f'db {db} {show(key)}'
        first, second = tusk.get(place), oracle.get(place)
        if first is None or second is None:
            yield key, f'DATASET EXISTS {name} => {first is not None} | {second is not None}'
            continue
        if first[0] != second[0]:
            yield key, f'DATASET TYPE {name} => {first[0].decode()} | {second[0].decode()}'
            continue
        if first[1] != second[1]:
            yield key, f'OBJECT ENCODING {name} => {show(first[1])} | {show(second[1])}'
        if (first[2] < 0) != (second[2] < 0) or abs(first[2] - second[2]) > 10000:
            yield key, f'DATASET DEADLINE {name} => {first[2]} | {second[2]}'
        if first[3] != second[3]:
            yield key, f'DATASET VALUE {name} => {show(first[3])} | {show(second[3])}'
