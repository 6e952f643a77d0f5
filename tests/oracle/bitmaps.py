"""Bitmaps and bit fields over the string keys. Offsets stay small, so that no command fills the machine; rows are never mutated for that reason."""
from grammar import slot


@slot
def slot_bit(self):
    if self.rng.random() < 0.06:
        return self.rng.choice([b'-1', b'4294967296', b'9223372036854775807', b'abc', b'', b'1.5', b'01'])
    return b'%d' % self.rng.choice([0, 1, 2, 7, 8, 9, 15, 31, 63, 64, 100, self.rng.randrange(900)])


@slot
def slot_field(self):
    """A type and an offset of BITFIELD."""
    if self.rng.random() < 0.04:
        return [self.rng.choice([b'u64', b'i65', b'x8', b'u0', b'i', b'', b'u-1', b'i08', b'I8']), self.slot_bit()]
    kind = self.rng.choice([b'u1', b'u4', b'u8', b'i5', b'i8', b'u16', b'i32', b'u63', b'i64', b'u31'])
    offset = b'#%d' % self.rng.randrange(6) if self.rng.random() < 0.3 else self.slot_bit()
    return [kind, offset]


def rows(row):
    values = '{n|0|1|-1|255|256|65535|9223372036854775807|-9223372036854775808}'
    change = f'{{SET field {values}|INCRBY field {values}|GET field|OVERFLOW {{WRAP|SAT|FAIL|sat|NO}}}}'
    return [
        row('SETBIT s bit {0|1|1|1|2|x}', 20, fixed=True), row('GETBIT s bit', 10, fixed=True),
        row('BITCOUNT s [idx idx [{BYTE|BIT|bit|X}]]', 12), row('BITCOUNT s idx', 1), row('BITPOS s {0|1|1|2} [idx [idx [{BYTE|BIT|X}]]]', 12),
        row('BITOP {AND|OR|XOR|and} s (s)+', 10), row('BITOP NOT s s [s]', 4), row('BITOP NAND s s', 1),
        row(f'BITFIELD s ({change})+', 20, fixed=True), row('BITFIELD s', 1, fixed=True), row('BITFIELD s {GET u8|SET u8 0|FOO u8 0}', 1, fixed=True),
        row('BITFIELD_RO s (GET field)+', 8, fixed=True), row('BITFIELD_RO s SET u8 0 1', 1, fixed=True),
    ]
