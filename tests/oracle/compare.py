"""How two replies to one command are judged. Each comparator takes (tusk's reply, the oracle's, step, witness) -> bool.

The witness is the oracle's whole value for commands that answer at random; see WITNESS.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
from support.resp import NULL, Tagged, is_error, is_null, show  # noqa: E402

# What the oracle is asked right after a command whose reply is random (key is argument 1).
WITNESS = {b'SRANDMEMBER': [b'SMEMBERS', 1], b'HRANDFIELD': [b'HGETALL', 1], b'ZRANDMEMBER': [b'ZRANGE', 1, b'0', b'-1', b'WITHSCORES'],
           b'RANDOMKEY': [b'KEYS', b'*'], b'SCAN': [b'KEYS', b'*'], b'SSCAN': [b'SMEMBERS', 1], b'HSCAN': [b'HGETALL', 1],
           b'ZSCAN': [b'ZRANGE', 1, b'0', b'-1', b'WITHSCORES']}


def witness_command(args):
    shape = WITNESS.get(args[0].upper())
    if shape is None or (1 in shape and len(args) < 2):
        return None
    return [args[1] if part == 1 else part for part in shape]


def items(reply):
    """The elements of any aggregate, nested pairs laid flat; None when it is not one."""
    if isinstance(reply, list):
        inner = reply
    elif isinstance(reply, Tagged) and isinstance(reply.value, list):
        inner = [part for pair in reply.value for part in pair] if reply.tag == '%' else reply.value
    else:
        return None
    flat = []
    for part in inner:
        flat.extend(part if isinstance(part, list) else [part])
    return flat


def plain(value):
    """The text of a scalar whatever its wire type, for comparing a member list with a witness of another shape."""
    if isinstance(value, int):
        return b'%d' % value
    if isinstance(value, Tagged) and isinstance(value.value, bytes):
        return value.value
    return value


def same_kind(a, b):
    if type(a) is not type(b):
        return False
    return not isinstance(a, Tagged) or (a.tag == b.tag and (a.value is None) == (b.value is None))


def exact(a, b, _step=None, _witness=None):
    return a == b


def kind(a, b, _step, _witness):
    return a == b if is_error(a) or is_error(b) else same_kind(a, b)


def unordered(a, b, _step=None, _witness=None):
    if not same_kind(a, b) or items(a) is None:
        return a == b
    first, second = (x.value if isinstance(x, Tagged) else x for x in (a, b))
    return len(first) == len(second) and sorted(map(show_key, first)) == sorted(map(show_key, second))


def show_key(value):
    return show(value, 1 << 30)


def pairs(a, b, _step=None, _witness=None):
    if not same_kind(a, b) or items(a) is None:
        return a == b
    if isinstance(a, Tagged):
        return sorted(map(show_key, a.value)) == sorted(map(show_key, b.value))
    if len(a) != len(b) or len(a) % 2:
        return False
    paired = [sorted(show_key(pair) for pair in zip(x[::2], x[1::2])) for x in (a, b)]
    return paired[0] == paired[1]


def near(a, b, tolerance):
    if not isinstance(a, int) or not isinstance(b, int) or a < 0 or b < 0:
        return a == b
    return abs(a - b) <= tolerance


def sort(a, b, step, _witness):
    """Elements of equal weight come in no defined order, so those forms compare as multisets; with STORE only exactly."""
    words = [arg.upper() for arg in step.args] if step else []
    if a == b or b'STORE' in words:
        return a == b
    return unordered(a, b)


def random_reply(a, b, step, witness):
    if is_error(a) or is_error(b) or is_null(a) or is_null(b):
        return a == b or (is_null(a) and is_null(b) and a == b)
    pool = items(witness)
    if pool is None:
        return False
    if not isinstance(a, (list, Tagged)):
        return type(a) is type(b) and a in pool
    values = items(a)
    if not same_kind(a, b) or len(values) != len(items(b)):
        return False
    names = [plain(v) for v in values]
    with_values = len(step.args) > 3
    known = {plain(k): plain(v) for k, v in zip(pool[::2], pool[1::2])} if with_values else set(map(plain, pool))
    if with_values:
        return all(name in known and known[name] == value for name, value in zip(names[::2], names[1::2]))
    distinct = not step.args[2].startswith(b'-') if len(step.args) > 2 else True
    return all(name in known for name in names) and (not distinct or len(set(names)) == len(names))


def scan_reply(a, b, step, witness):
    """One call: a cursor, and elements that exist. Whole iterations are compared by the 'scan' step."""
    if is_error(a) or is_error(b):
        return a == b
    known = items(witness)
    if not (isinstance(a, list) and len(a) == 2 and isinstance(a[0], bytes) and isinstance(a[1], list)):
        return False
    if known is None:
        return True
    stride = 2 if step.args[0].upper() in (b'HSCAN', b'ZSCAN') else 1
    return set(map(plain, a[1][::stride])) <= set(map(plain, known[::stride]))


def hello(a, b, _step, _witness):
    if is_error(a) or is_error(b):
        return a == b
    if not same_kind(a, b):
        return False
    told = [dict(x.value) if isinstance(x, Tagged) else dict(zip(x[::2], x[1::2])) for x in (a, b)]
    own = {b'server', b'version', b'id'}
    return all({k: v for k, v in told[0].items() if k not in own}.get(k) == v for k, v in told[1].items() if k not in own)


def key_flags(a, b, _step, _witness):
    def plain_flags(reply):
        return [(pair[0], sorted(pair[1].value if isinstance(pair[1], Tagged) else pair[1])) for pair in reply]
    if not isinstance(a, list) or not isinstance(b, list):
        return a == b
    return plain_flags(a) == plain_flags(b)


def exec_reply(a, b, step, _witness):
    """`step.inner` holds arguments and comparator of each command that was to be queued."""
    return exec_differences(a, b, step) == []


def exec_differences(a, b, step):
    """The elements that differ as (arguments, ours, the oracle's); None when the replies cannot be compared one by one."""
    inner = step.inner or []
    if not isinstance(a, list) or not isinstance(b, list) or len(a) != len(b) or len(inner) != len(b):
        return [] if a == b else None
    return [(args, x, y) for (args, name), x, y in zip(inner, a, b) if not COMPARATORS[name](x, y, None, None)]


COMPARATORS = {
    'exact': exact, 'kind': kind, 'unordered': unordered, 'pairs': pairs, 'config': pairs, 'sort': sort, 'random': random_reply,
    'scan': scan_reply, 'encoding': exact, 'hello': hello, 'key_flags': key_flags, 'exec': exec_reply, 'refcount': kind,
    'near_s': lambda a, b, _s, _w: near(a, b, 10), 'near_ms': lambda a, b, _s, _w: near(a, b, 10000), 'spop': exact,
}
# A script that collects a RESP3 map or set into a reply keeps no order; a Lua table of pairs is compared as such.
for _name in list(COMPARATORS):
    COMPARATORS['script:' + _name] = COMPARATORS[_name] if _name in ('near_s', 'near_ms', 'kind', 'refcount') else (
        lambda a, b, s, w, f=COMPARATORS[_name], n=_name: f(a, b, None, w) or (n in ('unordered', 'pairs', 'config', 'sort') and unordered(a, b)))


class Allowed:
    """Known differences. A line of the file is `pattern :: reason`; the pattern must match the whole text
    `COMMAND args => tusk's reply | oracle's reply`."""

    def __init__(self, path):
        self.rules = []
        self.used = {}
        with open(path) as file:
            for line in file:
                line = line.strip()
                if not line or line.startswith('#'):
                    continue
                pattern, reason = line.split(' :: ', 1)
                self.rules.append((re.compile(pattern, re.S), reason))

    def reason(self, text):
        for pattern, reason in self.rules:
            if pattern.fullmatch(text):
                self.used[reason] = self.used.get(reason, 0) + 1
                return reason
        return None
