"""Streams: slots and templates. Identifiers are small and explicit, so that both servers hold the same entries; `XADD key *` is run on the
server under test first and repeated on the oracle with the identifier that it answered (kind 'xadd')."""
from grammar import MEMBERS, POOLS, pool, slot

pool('x', 5)
TOP = b'18446744073709551615'


@slot
def slot_x(self):
    return self._key('x')


@slot
def slot_xauto(self):
    """Streams that take the clock's identifiers: small explicit ones would be refused there ever after."""
    return self.rng.choice([b'auto:0', b'auto:1'])


@slot
def slot_id(self):
    roll = self.rng.random()
    if roll < 0.04:
        return self.rng.choice([b'', b'abc', b'1-', b'-1', b'1-2-3', b'0-0', b'0', TOP, b'18446744073709551616', b'1-x', b'-', b' 1'])
    if roll < 0.25:
        return b'%d' % self.rng.randrange(1, 40)
    return b'%d-%d' % (self.rng.randrange(1, 40), self.rng.randrange(4))


@slot
def slot_newid(self):
    """For XADD: mostly growing, because most others would be refused."""
    self.next_id = getattr(self, 'next_id', 0) + self.rng.choice([0, 0, 0, 1])
    roll = self.rng.random()
    if roll < 0.7:
        return b'%d-%d' % (self.next_id // 6, self.rng.randrange(1, 9)) if roll < 0.5 else b'%d-*' % (self.next_id // 6)
    return self.slot_id() if roll < 0.99 else TOP + b'-' + self.rng.choice([TOP, b'*'])


@slot
def slot_from(self):
    return self.rng.choice([b'-', b'-', b'0', b'(%d-1' % self.rng.randrange(30), b'(5', b'(-', self.slot_id()])


@slot
def slot_to(self):
    return self.rng.choice([b'+', b'+', b'(%d-1' % self.rng.randrange(30), b'(', b'(+', self.slot_id()])


@slot
def slot_g(self):
    return self.rng.choice([b'g1', b'g1', b'g1', b'g2', b'g2', b'nogroup'])


@slot
def slot_c(self):
    return self.rng.choice([b'alice', b'alice', b'bob', b'carol'])


@slot
def slot_idle(self):
    """Far from any idle time that a run can reach."""
    return self.rng.choice([b'0', b'0', b'0', b'99999999', b'-1', b'abc'])


@slot
def slot_xids(self):
    """Keys of XREAD and one position for each of them."""
    count = self.rng.choice([1, 1, 2, 3])
    ids = [self.rng.choice([b'0', b'$', self.slot_id()]) for _ in range(count)]
    return [self.slot_x() for _ in range(count)] + (ids if self.rng.random() < 0.98 else ids[1:])


@slot
def slot_xgids(self):
    count = self.rng.choice([1, 1, 1, 2])
    ids = [self.rng.choice([b'>', b'>', b'>', b'0', self.slot_id(), b'$']) for _ in range(count)]
    return [self.slot_x() for _ in range(count)] + ids


def rows(row):
    trim = '[{MAXLEN|MINID} [{=|~}] {cnt|id} [LIMIT cnt]]'
    return [
        row('XADD x newid (f v)+', 40), row(f'XADD x [NOMKSTREAM] {trim} newid (f v)+', 15), row('XADD x newid f', 1),
        row(f'XADD xauto [NOMKSTREAM] {trim} * (f v)+', 8, 'exact', alone=True, kind='xadd', fixed=True),
        row('XLEN x', 6), row('XRANGE x from to [COUNT cnt]', 14), row('XREVRANGE x to from [COUNT cnt]', 10), row('XDEL x (id)+', 14),
        row('XTRIM x {MAXLEN|MINID} [{=|~}] {cnt|id} [LIMIT cnt]', 6), row('XSETID x {9000-1|9000-2|x} [ENTRIESADDED {100000|0|-1}] [MAXDELETEDID {8000-1|9999-1}]', 1, fixed=True),
        row('XREAD [COUNT cnt] STREAMS xids', 12), row('XREAD [COUNT cnt] BLOCK {1|x|-1} STREAMS xids', 1, script=False, fixed=True),
        row('XGROUP CREATE x g {$|0|id} <[MKSTREAM] [ENTRIESREAD {cnt|-1}]>', 14), row('XGROUP SETID x g {$|0|id} [ENTRIESREAD cnt]', 4),
        row('XGROUP DESTROY x g', 2), row('XGROUP CREATECONSUMER x g c', 4), row('XGROUP DELCONSUMER x g c', 3), row('XGROUP {NOSUCH x g|CREATE x|SETID x g}', 1),
        row('XREADGROUP GROUP g c [COUNT cnt] [NOACK] STREAMS xgids', 30, script=False), row('XREADGROUP {GROUP g c|GROUP g|STREAMS x >|GROUP g c STREAMS x}', 1),
        row('XACK x g (id)+', 14), row('XPENDING x g', 8), row('XPENDING x g [IDLE idle] from to cnt [c]', 10, 'xpending'),
        row('XCLAIM x g c idle (id)+ <[IDLE {0|50000}] [RETRYCOUNT cnt] [FORCE] [JUSTID] [LASTID id]>', 12, script=False),
        row('XCLAIM x g c idle id TIME {1000|1700000000000|x}', 2, script=False),
        row('XAUTOCLAIM x g c idle {0|from} <[COUNT cnt] [JUSTID]>', 10, script=False),
        row('XINFO STREAM x', 6, 'xinfo', script=False), row('XINFO STREAM x FULL [COUNT cnt]', 5, 'xinfo', script=False), row('XINFO GROUPS x', 8, 'xinfo', script=False),
        row('XINFO CONSUMERS x g', 8, 'xinfo', script=False), row('XINFO {NOSUCH x|STREAM|STREAM x y|GROUPS}', 1),
        row('DEL x', 1), row('COPY x x [REPLACE]', 2), row('TYPE x', 1), row('OBJECT ENCODING x', 1),
    ]


def consumer_first(args):
    """7.2 makes a consumer as soon as it is named, 7.0 when it is given something: so that both have it, it is made before."""
    name = args[0].upper()
    if name in (b'XCLAIM', b'XAUTOCLAIM') and len(args) > 3:
        return [[b'XGROUP', b'CREATECONSUMER', *args[1:4]]]
    words = [arg.upper() for arg in args]
    if name == b'XREADGROUP' and b'STREAMS' in words[4:]:
        keys = args[words.index(b'STREAMS', 4) + 1:]
        made = [[b'XGROUP', b'CREATECONSUMER', key, *args[2:4]] for key in keys[:(len(keys) + 1) // 2]]
        return [[b'XGROUP', b'CREATE', keys[0], args[2], b'$', b'MKSTREAM'], *made] if b'BLOCK' in words and keys else made
    return []


BLOCKING = ['XREAD [COUNT cnt] BLOCK 0 STREAMS x $', 'XREADGROUP GROUP g1 c [COUNT cnt] BLOCK 0 STREAMS x >']
WAKING = ['XADD x newid (f v)+', 'XADD x newid (f v)+', 'DEL x', 'XGROUP DESTROY x g1', 'XGROUP CREATE x g1 0 MKSTREAM', 'XDEL x id', 'XTRIM x MAXLEN 0']
assert 'x' in POOLS and MEMBERS
