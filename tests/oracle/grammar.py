"""Command templates and the values that fill them.

A template is a line such as   SET s v [{NX|XX}] [GET] [{EX sec|PXAT pat}]
  word                  itself                 name of a slot    a value: see Slots
  [ x ]                 x or nothing           { a | b }         one of the alternatives
  ( x )+                x once or several times
  < x y z >             the parts in random order (options)
Templates are compiled once; filling one makes a list of byte strings. All randomness comes from the one Random given.
"""
import re

TOKEN = re.compile(r'\[|\]|\{|\}|\||\)\+|\(|<|>|[^\s\[\]{}|()<>]+')


def compile_template(text):
    tokens = TOKEN.findall(text)
    sequence, at = _sequence(tokens, 0, ())
    assert at == len(tokens), f'left over in template: {text}'
    return sequence


def _sequence(tokens, at, ends):
    parts = []
    while at < len(tokens) and tokens[at] not in ends:
        part, at = _part(tokens, at)
        parts.append(part)
    return ('seq', parts), at


def _part(tokens, at):
    token = tokens[at]
    if token == '[':
        inner, at = _sequence(tokens, at + 1, (']',))
        return ('maybe', inner), at + 1
    if token == '(':
        inner, at = _sequence(tokens, at + 1, (')+',))
        return ('many', inner), at + 1
    if token == '<':
        inner, at = _sequence(tokens, at + 1, ('>',))
        return ('shuffle', inner[1]), at + 1
    if token == '{':
        choices = []
        while tokens[at] != '}':
            inner, at = _sequence(tokens, at + 1, ('|', '}'))
            choices.append(inner)
        return ('any', choices), at + 1
    if hasattr(Slots, 'slot_' + token):
        return ('slot', token), at + 1
    return ('word', token.encode()), at + 1


INT_EDGES = [b'0', b'1', b'-1', b'2', b'10', b'-10', b'9223372036854775807', b'-9223372036854775808',
             b'9223372036854775808', b'-9223372036854775809', b'18446744073709551616', b'4294967296', b'2147483648',
             b'01', b'+1', b' 1', b'1 ', b'-0', b'1.0', b'1e3', b'0x10', b'', b'abc', b'-']
FLOAT_EDGES = [b'0', b'1', b'-1', b'1.5', b'-2.25', b'3.0', b'5.0e3', b'1e100', b'-1e-5', b'inf', b'-inf', b'+inf', b'nan',
               b'0.1', b'0.2', b'1e400', b'abc', b'', b' 1', b'1 ', b'0x1p3', b'1.7976931348623157e308', b'17179869184',
               b'3.141592653589793238', b'-0', b'-0.0', b'1e17', b'123456789012345678', b'99999999999999999999']
MEMBERS = ([b'%d' % n for n in range(24)] + [b'a', b'b', b'c', b'd', b'e', b'f', b'g', b'h', b'foo', b'bar', b'1.5', b'-0',
           b'-3', b'70000', b'-70000', b'5000000000', b'9223372036854775807', b'', b'q\x00\xff\r\n', b'x' * 65, b'long' * 30,
           b'A', b'Foo', b'\xc3\xa9t\xc3\xa9'])
VALUES = MEMBERS + [b'10', b'100', b'-7', b'3.5', b'hello world', b'ohmytext', b'mynewtext', b'y' * 44, b'y' * 45, b'z' * 300,
                    b'12345678901234567890', b'1e5', b'0.5', b'100000000000']
PATTERNS = [b'*', b's*', b'?1', b'[sl]*', b'[^s]*', b'*1', b'a*', b'\\*', b'h[1-3]', b'', b'[', b'*:*', b'[a-c]', b'????*']
JUNK = INT_EDGES + FLOAT_EDGES + [b'\x00', b'\xff\xfe', b'NX', b'XX', b'GT', b'LIMIT', b'WITHSCORES', b'COUNT', b'MATCH', b'0 0',
                                  b'nosuchkey', b'(1', b'[a', b'*', b'STORE', b'KEEPTTL', b'EX']

REPEATS_MAX = 7
POOLS = {'s': 6, 'l': 5, 'h': 5, 't': 6, 'z': 5}  # Groups with a file of their own add theirs: pool().
ODD_KEYS = [b'', b'\x00bin\xff', b'{tag}k', b'key with space', b'k' * 200]


class Slots:
    """Fills slots. `now` is a fixed base for deadlines, so that a seed means the same commands on every day's run.

    Deadlines are either long past or far in the future; relative ones are spread so widely that the milliseconds between
    the two servers cannot change which of two is later.
    """

    def __init__(self, rng, now):
        self.rng = rng
        self.now = now
        self.key_count = 1
        self.pools = {kind: [b'%b:%d' % (kind.encode(), n) for n in range(size)] for kind, size in POOLS.items()}
        self.kinds = list(self.pools)
        self.all_keys = [key for pool in self.pools.values() for key in pool]

    def fill(self, template):
        out = []
        self._fill(template, out)
        return out

    def _fill(self, node, out):
        kind, body = node
        if kind == 'word':
            out.append(body)
        elif kind == 'slot':
            value = getattr(self, 'slot_' + body)()
            if isinstance(value, list):
                out.extend(value)
            else:
                out.append(value)
        elif kind == 'seq':
            for part in body:
                self._fill(part, out)
        elif kind == 'maybe':
            if self.rng.random() < 0.4:
                self._fill(body, out)
        elif kind == 'any':
            self._fill(self.rng.choice(body), out)
        elif kind == 'many':
            # Never more than the smallest limit of the packed encodings that is set: 7.2 takes the number of arguments as a
            # hint of the size to come, 7.0 counts what arrived, which would differ where a name is given twice.
            for _ in range(REPEATS_MAX):
                self._fill(body, out)
                if self.rng.random() >= 0.55:
                    break
        else:
            for part in self.rng.sample(body, len(body)):
                self._fill(part, out)

    # Keys: mostly of the type that the command wants, sometimes of any type, now and then odd.
    def _key(self, kind):
        roll = self.rng.random()
        if roll < 0.88:
            return self.rng.choice(self.pools[kind])
        if roll < 0.97:
            return self.rng.choice(self.all_keys)
        return self.rng.choice([b'missing', *ODD_KEYS])

    def slot_s(self): return self._key('s')
    def slot_l(self): return self._key('l')
    def slot_h(self): return self._key('h')
    def slot_t(self): return self._key('t')
    def slot_z(self): return self._key('z')
    def slot_k(self): return self._key(self.rng.choice(self.kinds))

    def slot_tz(self):
        return self._key(self.rng.choice('tz'))

    def slot_lex(self):
        """Sorted sets with one score only: for any other, Redis leaves the order of lex ranges undefined."""
        return b'lex:%d' % self.rng.randrange(3)

    def _numkeys(self, slot):
        self.key_count = self.rng.choice([1, 1, 2, 2, 3, 4])
        count = b'%d' % self.key_count
        if self.rng.random() < 0.03:
            count = self.rng.choice(INT_EDGES)
        return [count] + [slot() for _ in range(self.key_count)]

    def slot_nkz(self): return self._numkeys(self.slot_z)
    def slot_nktz(self): return self._numkeys(self.slot_tz)
    def slot_nkt(self): return self._numkeys(self.slot_t)
    def slot_nkl(self): return self._numkeys(self.slot_l)
    def slot_weights(self): return [self.slot_weight() for _ in range(self.key_count)]

    def slot_weight(self):
        return self.rng.choice(FLOAT_EDGES) if self.rng.random() < 0.1 else self.rng.choice([b'1', b'2', b'-1', b'0.5', b'0', b'3'])

    # Values.
    def slot_v(self): return self.rng.choice(VALUES)
    def slot_e(self): return self.rng.choice(MEMBERS)
    def slot_f(self): return self.rng.choice(MEMBERS)
    def slot_m(self): return self.rng.choice(MEMBERS)

    def slot_n(self):
        if self.rng.random() < 0.12:
            return self.rng.choice(INT_EDGES)
        return b'%d' % self.rng.randrange(-20, 100)

    def slot_fl(self):
        if self.rng.random() < 0.15:
            return self.rng.choice(FLOAT_EDGES)
        return (b'%.2f' if self.rng.random() < 0.5 else b'%.0f') % (self.rng.randrange(-1000, 1000) / 8)

    def slot_idx(self):
        if self.rng.random() < 0.05:
            return self.rng.choice(INT_EDGES)
        return b'%d' % self.rng.randrange(-8, 9)

    def slot_cnt(self):
        if self.rng.random() < 0.06:
            return self.rng.choice(INT_EDGES)
        return b'%d' % self.rng.choice([0, 1, 1, 2, 3, 5, 10, 30, -1, -2])

    def slot_pos(self):
        return b'%d' % self.rng.choice([1, 1, 2, 3, 7, 20])

    def slot_offset(self):
        """Small, so that SETRANGE does not fill the machine; the far end is tested with one value that is refused."""
        if self.rng.random() < 0.08:
            return self.rng.choice([b'-1', b'536870912', b'4294967296', b'9223372036854775807', b'x', b''])
        return b'%d' % self.rng.choice([0, 1, 3, 10, 44, 100])

    def slot_score(self):
        if self.rng.random() < 0.08:
            return self.rng.choice(FLOAT_EDGES)
        return self.rng.choice([b'%d' % self.rng.randrange(-5, 12), b'%.1f' % (self.rng.randrange(-20, 40) / 4)])

    def slot_range(self):
        """One end of a score range."""
        roll = self.rng.random()
        if roll < 0.15:
            return self.rng.choice([b'-inf', b'+inf', b'inf', b'(-inf', b'(inf'])
        if roll < 0.2:
            return self.rng.choice([b'', b'(', b'((1', b'nan', b'abc', b'1e400', b'(0x1', b' 1'])
        return (b'(' if self.rng.random() < 0.25 else b'') + b'%d' % self.rng.randrange(-6, 14)

    def slot_lexend(self):
        roll = self.rng.random()
        if roll < 0.3:
            return self.rng.choice([b'-', b'+'])
        if roll < 0.35:
            return self.rng.choice([b'', b'a', b'(', b'[', b'-x', b'++'])
        return self.rng.choice([b'[', b'(']) + self.rng.choice(MEMBERS)

    def slot_pattern(self): return self.rng.choice(PATTERNS)
    def slot_db(self): return self.rng.choice([b'0', b'0', b'0', b'1', b'1', b'9', b'15'])
    def slot_anydb(self): return self.rng.choice([b'0', b'1', b'9', b'16', b'-1', b'abc', b'99999999999999999999'])

    # Deadlines.
    def slot_sec(self):
        if self.rng.random() < 0.12:
            return self.rng.choice([b'0', b'-1', b'-100', b'abc', b'', b'9223372036854775807', b'9223372036854775',
                                    b'-9223372036854775808', b'1.5', b'99999999999999999999'])
        return b'%d' % self.rng.randrange(2000, 40000000)

    def slot_ms(self):
        if self.rng.random() < 0.12:
            return self.rng.choice([b'0', b'-1', b'-100', b'abc', b'', b'9223372036854775807', b'-9223372036854775808',
                                    b'1.5', b'99999999999999999999'])
        return b'%d' % self.rng.randrange(2000000, 40000000000)

    def slot_at(self):
        if self.rng.random() < 0.2:
            return self.rng.choice([b'1', b'100', b'1000000000', b'0', b'-1', b'abc', b'9223372036854775807',
                                    b'9223372036854776', b'-9223372036854775808'])
        return b'%d' % (self.now + self.rng.randrange(1, 400) * 100000)

    def slot_pat(self):
        if self.rng.random() < 0.2:
            return self.rng.choice([b'1', b'100', b'1000000000000', b'0', b'-1', b'abc', b'9223372036854775807',
                                    b'-9223372036854775808'])
        return b'%d' % (self.now * 1000 + self.rng.randrange(1, 400) * 100000123)

    # SET with a deadline in the past stores the key and lets it expire, at a moment that each server chooses: so never here.
    def slot_fat(self): return b'%d' % (self.now + self.rng.randrange(1, 400) * 100000) if self.rng.random() < 0.9 else b'-1'
    def slot_fpat(self): return b'%d' % (self.now * 1000 + self.rng.randrange(1, 400) * 100000123) if self.rng.random() < 0.9 else b'0'

    def slot_tmo(self):
        """A blocking timeout for calls that must not wait for long."""
        return self.rng.choice([b'0.001', b'0.001', b'0.002', b'-1', b'abc', b'', b'nan', b'1e-3'])


def slot(function):
    """Adds a slot from a group's own file."""
    assert not hasattr(Slots, function.__name__), function.__name__
    setattr(Slots, function.__name__, function)
    return function


def pool(kind, size):
    """Adds keys for a group's own type: `kind:0`, `kind:1` and so on. Other groups meet them now and then."""
    POOLS[kind] = size
