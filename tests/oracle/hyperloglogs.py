"""HyperLogLogs. The dataset is compared by GET, so sparse and dense representations must agree byte for byte.

Their keys are theirs alone: where another command has written into the registers, what comes of it is not defined."""
from grammar import slot


@slot
def slot_p(self):
    return b'p:%d' % self.rng.randrange(4) if self.rng.random() < 0.96 else b'p:list'


@slot
def slot_many(self):
    """Enough distinct elements to leave the sparse form now and then."""
    start = self.rng.randrange(100000)
    return [b'e%d' % n for n in range(start, start + self.rng.choice([10, 100, 700]))]


def rows(row):
    return [
        row('PFADD p (e)+', 30), row('PFADD p', 3), row('PFADD p many', 3, fixed=True), row('PFCOUNT (p)+', 16), row('PFMERGE p (p)+', 8, fixed=True),
        row('PFDEBUG {ENCODING|TODENSE|DECODE|NOSUCH} p', 3), row('PFDEBUG GETREG p', 1), row('GET p', 6), row('STRLEN p', 3), row('DEL p', 4), row('COPY p p REPLACE', 2), row('RENAME p p', 2), row('OBJECT ENCODING p', 2), row('PEXPIRE p ms', 1),
        row('SETRANGE p {0|2|4|5|15} y', 1, fixed=True), row('RPUSH p:list v', 1, fixed=True), row('CONFIG SET hll-sparse-max-bytes {3000|100|16000}', 1, script=False),
    ]
