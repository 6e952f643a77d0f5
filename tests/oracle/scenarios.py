"""Scenarios beyond the first ones in generator.py: short lists of steps that belong together. Each takes the generator and draws from its
random numbers."""
import stream_rows
from grammar import VALUES, compile_template
from steps import MAIN, SECOND, WAITING, Step, step

READS = [compile_template(text) for text in ['GET s', 'STRLEN s', 'MGET s s', 'LLEN l', 'EXISTS k', 'ZSCORE z m', 'HGET h f', 'SCARD t', 'TYPE k', 'TTL nosuch',
                                             'GETRANGE s 0 1', 'LINDEX l 0', 'SINTERCARD 2 t t']]
ONE_KEY_WRITES = [compile_template(text) for text in ['SET s v', 'DEL k', 'LPUSH l v', 'HSET h f v', 'SADD t e', 'ZADD z 1 m', 'EXPIRE k 5000', 'PERSIST k', 'APPEND s v']]


def tracking(generator):
    """Client-side caching: what the subscriber's connection reads, another one changes."""
    rng, slots = generator.rng, generator.slots
    if generator.notify or b'client|tracking' in generator.missing:
        return [step(WAITING, kind='drain')]
    broadcast = rng.random() < 0.3
    options = [b'BCAST', *(part for prefix in rng.sample([b's:', b'l', b'h:1', b'z:'], rng.choice([0, 1, 2])) for part in (b'PREFIX', prefix))] if broadcast else \
        rng.choice([[], [], [b'NOLOOP'], [b'OPTIN'], [b'OPTOUT'], [b'OPTIN', b'NOLOOP']])
    steps = [step(WAITING, 'HELLO', 3, compare='hello'), step(WAITING, 'CLIENT', 'TRACKING', 'on', *options, kind='subscribe'), step(WAITING, kind='drain')]
    for _ in range(rng.choice([1, 2, 3])):
        if rng.random() < 0.4:
            steps.append(step(WAITING, 'CLIENT', 'CACHING', rng.choice(['yes', 'no', 'x']), kind='subscribe'))
        for _ in range(rng.choice([1, 2])):
            steps.append(step(WAITING, *slots.fill(rng.choice(READS)), kind='subscribe'))
        if not broadcast and rng.random() < 0.2:
            steps += [step(WAITING, part, kind='subscribe') for part in ('MULTI',)] + [step(WAITING, 'GET', 's:1', kind='subscribe'), step(WAITING, 'SET', 's:1', 'x', kind='subscribe'),
                                                                                    step(WAITING, 'EXEC', kind='subscribe')]
        elif not broadcast and rng.random() < 0.4:
            steps.append(step(WAITING, *slots.fill(rng.choice(ONE_KEY_WRITES)), kind='subscribe'))
        steps.append(step(WAITING, kind='drain'))
        # What broadcasting clients are told is gathered for a while: one key at a time, or the two gather differently.
        for _ in range(1 if broadcast else rng.choice([1, 3])):
            args = slots.fill(rng.choice(ONE_KEY_WRITES)) if broadcast or rng.random() < 0.5 else generator.inner()[0]
            steps += generator.calm(MAIN, args) + [Step('cmd', MAIN, args, 'any', None)]
        steps.append(step(WAITING, kind='drain'))
    steps += [step(WAITING, 'CLIENT', 'TRACKINGINFO', kind='subscribe'), step(WAITING, 'CLIENT', 'TRACKING', 'off', kind='subscribe'), step(WAITING, kind='drain')]
    return steps + [step(WAITING, 'HELLO', 2, compare='hello')]


def access(generator):
    """A user with random rules, and a few commands in its name."""
    rng, slots = generator.rng, generator.slots
    if b'acl|setuser' in generator.missing:
        return []
    user = rng.choice(['u:1', 'u:2'])
    rules = [rule for _ in range(rng.choice([1, 2, 4, 6])) for rule in [slots.slot_rule()] if rule not in (b'off', b'resetpass', b'reset')]
    steps = [step(MAIN, 'ACL', 'SETUSER', user, 'reset', 'on', 'nopass', *rng.choice([(), ('+@all',), ('~*', '+@all'), ('+@all', '~*', '&*')])),
             *(step(MAIN, 'ACL', 'SETUSER', user, rule) for rule in rules), step(SECOND, 'AUTH', user, 'secret')]
    for _ in range(rng.choice([2, 4, 8])):
        args, compare = generator.inner()
        steps += generator.calm(SECOND, args) + [Step('cmd', SECOND, args, compare, None)]
    if rng.random() < 0.3:
        args, compare = generator.inner()
        steps += [step(SECOND, 'MULTI'), Step('cmd', SECOND, args, 'exact', None), step(SECOND, 'EXEC', compare='exec', inner=[(args, compare)])]
    if rng.random() < 0.3:
        args, _ = generator.inner()
        steps.append(step(SECOND, 'EVAL', 'return redis.pcall(unpack(ARGV))', '0', *args, compare='any'))
    steps += [step(SECOND, 'PUBLISH', rng.choice(['ch:1', 'other']), 'x'), step(SECOND, 'AUTH', 'default', 'any'), step(SECOND, 'DISCARD'), step(MAIN, 'ACL', 'GETUSER', user, compare='acl')]
    if rng.random() < 0.5:
        steps.append(step(MAIN, 'ACL', 'LOG', compare='acl_log'))
    return steps


def transfer(generator):
    """A value as DUMP gives it, restored on both servers: the oracle's payload, then the payload of the server under test."""
    if b'dump' in generator.missing or b'restore' in generator.missing:
        return []
    rng, slots = generator.rng, generator.slots
    options = rng.choice([[], [b'REPLACE'], [b'REPLACE'], [b'REPLACE', b'ABSTTL'], [b'REPLACE', b'IDLETIME', b'100'], [b'REPLACE', b'FREQ', b'5'], [b'FREQ', b'x'],
                          [b'REPLACE', b'IDLETIME', b'-1'], [b'REPLACE', b'FREQ', b'5', b'IDLETIME', b'5'], [b'REPLACE', b'FREQ', b'300']])
    ttl = b'%d' % (generator.now * 1000) if b'ABSTTL' in options else rng.choice([b'0', b'0', b'5000000', b'-1', b'x'])
    return [Step('transfer', MAIN, [b'RESTORE', *([slots.slot_p(), slots.slot_p()] if rng.random() < 0.1 else [slots.slot_k(), slots.slot_k()]), ttl, *options], rng.choice(['oracle', 'oracle', 'own', 'own', 'broken']), None)]


STREAM_BLOCKING = [compile_template(text) for text in stream_rows.BLOCKING]
STREAM_WAKING = [compile_template(text) for text in stream_rows.WAKING]
assert VALUES
