#!/usr/bin/python3
"""Random stream commands, sent to the server and to redis-server, reply by reply.

  tests/oracle/streams.py [--server build/release/src/main/tusk-server] [--oracle redis-server] [--seeds 10] [--count 5000]

Ids are explicit, and idle times either none or far out of reach, so that both servers must answer alike; what depends on
the clock is masked. Last line: `N passed, N failed`, counted in seeds.
"""
import argparse
import os
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..'))
from support.resp import show, show_command  # noqa: E402
from support.servers import Server, StartError  # noqa: E402

from grammar import Slots, compile_template  # noqa: E402

# (weight, template)
TEMPLATES = [
    (30, 'XADD x newid (field value)+'), (6, 'XADD x <[NOMKSTREAM] [trim]> newid (field value)+'), (4, 'XADD x trim newid field value'),
    (2, 'XADD x newid field'), (2, 'XADD x {MAXLEN|MINID|LIMIT} newid field value'),
    (8, 'XLEN x'), (12, 'XRANGE x low high [COUNT count]'), (8, 'XREVRANGE x high low [COUNT count]'),
    (8, 'XDEL x (id)+'), (4, 'XTRIM x trim'), (1, 'XTRIM x {MAXLEN 5 LIMIT 3|LIMIT 3|MAXLEN 5 MINID 3|MAXLEN|FOO 1}'),
    (6, 'XREAD [COUNT count] STREAMS x id'), (4, 'XREAD [COUNT count] STREAMS x x id id'), (2, 'XREAD {STREAMS x|GROUP g c STREAMS x 0|COUNT 1|NOACK STREAMS x 0}'),
    (8, 'XGROUP CREATE x group position <[MKSTREAM] [ENTRIESREAD count]>'), (4, 'XGROUP SETID x group position [ENTRIESREAD count]'),
    (1, 'XGROUP DESTROY x group'), (4, 'XGROUP CREATECONSUMER x group consumer'), (2, 'XGROUP DELCONSUMER x group consumer'),
    (24, 'XREADGROUP GROUP group consumer [COUNT count] [NOACK] STREAMS x next'), (6, 'XREADGROUP GROUP group consumer STREAMS x x next next'),
    (1, 'XREADGROUP {GROUP g c STREAMS x $|GROUP g c COUNT 1|COUNT 1 STREAMS x 0 0 0|STREAMS x 0}'),
    (12, 'XACK x group (id)+'), (6, 'XPENDING x group'), (8, 'XPENDING x group [IDLE idle] low high count [consumer]'),
    (8, 'XCLAIM x group consumer idle (id)+ <[FORCE] [JUSTID] [RETRYCOUNT count] [IDLE 0] [LASTID id]>'),
    (1, 'XCLAIM x group consumer {foo 1|0 1 FOO|0 1 IDLE foo}'),
    (8, 'XAUTOCLAIM x group consumer idle low <[COUNT count] [JUSTID]>'), (3, 'XSETID x id <[ENTRIESADDED count] [MAXDELETEDID id]>'),
    (8, 'XINFO STREAM x'), (5, 'XINFO STREAM x FULL [COUNT count]'), (6, 'XINFO GROUPS x'), (6, 'XINFO CONSUMERS x group'),
    (1, 'DEL x'), (1, 'SET x value'), (1, 'COPY x x REPLACE'), (1, 'RENAME x x'), (2, 'TYPE x'), (2, 'OBJECT ENCODING x'), (1, 'EXISTS x'),
]


class StreamSlots(Slots):
    def __init__(self, rng):
        super().__init__(rng, 0)
        self.clock = 1

    def slot_x(self): return b'x:%d' % self.rng.randrange(3)
    def slot_group(self): return self.rng.choice([b'g', b'h', b'g', b''])
    def slot_consumer(self): return self.rng.choice([b'alice', b'bob', b'carol'])
    def slot_field(self): return self.rng.choice([b'f', b'f', b'field', b'7', b''])
    def slot_value(self): return self.rng.choice([b'v', b'1', b'-5', b'12345678901', b'x' * 70, b'', b'text'])
    def slot_count(self): return self.rng.choice([b'1', b'2', b'3', b'10', b'0', b'5', b'-1', b'foo'])
    def slot_idle(self): return self.rng.choice([b'0', b'0', b'0', b'100000000', b'-1'])

    def slot_next(self):
        # The greatest id of all is Redis' own mark for ">".
        return self.rng.choice([b'>', b'>', b'>', b'0', self.slot_id().replace(b'18446744073709551615', b'9')])

    def slot_id(self):
        base = max(0, self.clock - self.rng.choice([0, 1, 2, 5, 20, 100]))
        return self.rng.choice([b'%d-%d' % (base, self.rng.randrange(3)), b'%d' % base, b'%d-0' % base,
                                self.rng.choice([b'0', b'0-0', b'abc', b'5-', b'18446744073709551615-18446744073709551615', b'-', b'1-1-1'])
                                if self.rng.random() < 0.1 else b'%d-0' % base])

    def slot_newid(self):
        self.clock += self.rng.choice([0, 1, 1, 1, 2])
        return self.rng.choice([b'%d-%d' % (self.clock, self.rng.randrange(3)), b'%d-*' % self.clock, b'%d' % self.clock])

    def slot_position(self): return self.rng.choice([b'$', b'0', self.slot_id()])
    def slot_low(self): return self.rng.choice([b'-', b'-', self.slot_id(), b'(' + self.slot_id()])
    def slot_high(self): return self.rng.choice([b'+', b'+', self.slot_id(), b'(' + self.slot_id()])

    def slot_trim(self):
        kind = self.rng.choice([b'MAXLEN', b'MINID'])
        words = [kind] + self.rng.choice([[], [b'='], [b'~'], [b'~']])
        words.append(self.rng.choice([b'0', b'5', b'20', b'100']) if kind == b'MAXLEN' else self.slot_id())
        return words + (self.rng.choice([[], [b'LIMIT', self.rng.choice([b'0', b'10', b'100'])]]) if words[1] == b'~' else [])


def compile_with_slots(text):
    """compile_template() knows the slots of the main stream only."""
    def convert(node):
        kind, body = node
        if kind == 'word':
            name = body.decode()
            return ('slot', name) if hasattr(StreamSlots, 'slot_' + name) else node
        if kind == 'slot':
            return node
        return (kind, [convert(part) for part in body]) if isinstance(body, list) else (kind, convert(body))
    return convert(compile_template(text))


# Of an XINFO map: what only 7.2 has, and what tells the time.
MASKED = {b'idle', b'inactive', b'seen-time', b'active-time'}
# How 7.0 counts beside deleted entries was mended later: every other seed deletes none and compares these.
COUNTED = {b'entries-read', b'lag'}


def mask_info(reply, masked):
    if not isinstance(reply, list):
        return reply
    if reply and isinstance(reply[0], bytes) and reply[0] in (b'length', b'name') and len(reply) % 2 == 0:
        pairs = [(reply[i], reply[i + 1]) for i in range(0, len(reply), 2)]
        return [[name, [row[:-2] + row[-1:] for row in value] if name == b'pending' and isinstance(value, list) else mask_info(value, masked)]
                for name, value in pairs if name not in masked]
    return [mask_info(part, masked) for part in reply]


def mask(args, reply, masked):
    name = args[0].upper()
    if name == b'XINFO':
        return mask_info(reply, masked)
    if name == b'XPENDING' and len(args) > 3 and isinstance(reply, list):
        return [row[:2] + row[3:] if isinstance(row, list) and len(row) == 4 else row for row in reply]
    return reply


def first_difference(ours, theirs):
    """The smallest parts in which two replies differ."""
    while isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        ours, theirs = next((pair for pair in zip(ours, theirs) if pair[0] != pair[1]))
    return ours, theirs


def preludes(args):
    """Since 7.2 claims and reads create their consumer even when they get nothing: here it is there before, on both."""
    name = args[0].upper()
    if name in (b'XCLAIM', b'XAUTOCLAIM') and len(args) > 3:
        return [[b'XGROUP', b'CREATECONSUMER', *args[1:4]]]
    if name == b'XREADGROUP' and args[1].upper() == b'GROUP':
        return [[b'XGROUP', b'CREATECONSUMER', key, *args[2:4]] for key in args if key.startswith(b'x:')]
    return []


def run_seed(seed, count, server, oracle):
    """-> the difference as text, or None."""
    rng = random.Random(seed)
    slots = StreamSlots(rng)
    deletes = seed % 2 == 0
    masked = MASKED | COUNTED if deletes else MASKED
    rows = [(weight, text) for weight, text in TEMPLATES if deletes or text.split()[0] not in ('XDEL', 'XSETID')]
    weights = [weight for weight, _ in rows]
    templates = [compile_with_slots(text) for _, text in rows]
    ours, theirs = server.connect(), oracle.connect()
    limit = rng.choice([b'100', b'5', b'1', b'0'])
    for connection in (ours, theirs):
        connection.call('FLUSHALL')
        connection.call('CONFIG', 'SET', 'stream-node-max-entries', limit)
    history = []
    for _ in range(count):
        command = slots.fill(rng.choices(templates, weights)[0])
        for args in [*preludes(command), command]:
            history.append(args)
            got, expected = mask(args, ours.call(*args), masked), mask(args, theirs.call(*args), masked)
            if got == expected:
                continue
            keys = {arg for arg in args if arg.startswith(b'x:')}
            lines = [show_command(step) for step in history if keys & set(step)][-25:]
            got_part, expected_part = first_difference(got, expected)
            return '\n    '.join([f'seed {seed}: {show_command(args)}', f'server: {show(got_part)} in {show(got, 1000)}',
                                 f'oracle: {show(expected_part)}', *lines])
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--server', default=os.path.join(HERE, '../../build/release/src/main/tusk-server'))
    parser.add_argument('--oracle', default='redis-server')
    parser.add_argument('--seeds', type=int, default=10)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--count', type=int, default=5000)
    options = parser.parse_args()
    failed = 0
    try:
        with Server(options.server) as server, Server(options.oracle) as oracle:
            for seed in range(options.seed, options.seed + options.seeds):
                difference = run_seed(seed, options.count, server, oracle)
                failed += difference is not None
                if difference:
                    print('FAIL ' + difference, flush=True)
    except StartError as error:
        print(error)
        failed = options.seeds
    print(f'{options.seeds - failed} passed, {failed} failed')
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
