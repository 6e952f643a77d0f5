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


def covers(a, b, _step=None, _witness=None):
    """A list of commands: ours may have more. That none is listed wrongly is what tests/commands compares."""
    if not same_kind(a, b) or items(a) is None:
        return a == b
    ours, theirs = (set(map(show_key, x.value if isinstance(x, Tagged) else x)) for x in (a, b))
    return theirs <= ours


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
    if not same_kind(a, b) or items(a) is None:
        return a == b
    told = [dict(x.value) if isinstance(x, Tagged) else dict(zip(x[::2], x[1::2])) for x in (a, b)]
    own = {b'server', b'version', b'id'}
    return all({k: v for k, v in told[0].items() if k not in own}.get(k) == v for k, v in told[1].items() if k not in own)


def key_flags(a, b, _step, _witness):
    def plain_flags(reply):
        return [(pair[0], sorted(pair[1].value if isinstance(pair[1], Tagged) else pair[1])) for pair in reply]
    if not isinstance(a, list) or not isinstance(b, list):
        return a == b
    return plain_flags(a) == plain_flags(b)


def any_reply(a, b, _step, _witness):
    """Both an error or both none; the rest tells of the process."""
    return is_error(a) == is_error(b)


def tree(value):
    """Any reply with all its aggregates as multisets."""
    if isinstance(value, Tagged):
        return (value.tag, tree(value.value)) if isinstance(value.value, list) else value
    if isinstance(value, (list, tuple)):
        return sorted((tree(part) for part in value), key=repr)
    return value


def same_tree(a, b, _step=None, _witness=None):
    return tree(a) == tree(b)


# What XINFO tells of time, what 7.2 added to it, and what follows from the layout of the oracle's own tree.
VOLATILE = {b'idle', b'inactive', b'seen-time', b'active-time', b'radix-tree-keys', b'radix-tree-nodes'}


def without_times(value):
    """An XINFO reply: maps lose volatile members, times of delivery become one word."""
    if isinstance(value, Tagged) and value.tag == '%':
        return ('%', [(k, without_times(v)) for k, v in value.value if k not in VOLATILE])
    if isinstance(value, list):
        if len(value) % 2 == 0 and value and value[0] in (b'length', b'name'):
            return [(k, without_times(v)) for k, v in zip(value[::2], value[1::2]) if k not in VOLATILE]
        return [without_times(part) for part in value]
    if isinstance(value, int) and value > 10**12:
        return 'time'
    return value


def xinfo(a, b, _step=None, _witness=None):
    return without_times(a) == without_times(b)


def xpending(a, b, _step=None, _witness=None):
    def calm(reply):
        return [part[:2] + part[3:] if isinstance(part, list) and len(part) == 4 else part for part in reply] if isinstance(reply, list) else reply
    return calm(a) == calm(b) or (isinstance(a, list) and isinstance(b, list) and a == b)


def geo(a, b, step, _witness):
    """Without an order, or at equal distances, results come in no defined order."""
    return a == b or unordered(a, b)


def acl(a, b, _step=None, _witness=None):
    """ACL GETUSER and LIST without the rules for commands: 7.0 works them out anew in the order of its command table, which differs
    from run to run, 7.2 keeps them as given. ACL DRYRUN compares what they allow. And without sanitize-payload, which 7.2 always shows."""
    def calm(value):
        if isinstance(value, bytes):
            return b' '.join(word for word in value.split() if word[:1] not in b'+-' and word not in (b'allcommands', b'nocommands', b'sanitize-payload'))
        if isinstance(value, Tagged):
            return (value.tag, calm(value.value)) if isinstance(value.value, list) else value
        return sorted((calm(part) for part in value if part != b'sanitize-payload'), key=repr) if isinstance(value, (list, tuple)) else value
    return a == b or calm(a) == calm(b)


# What ACL LOG tells of the client and of time.
LOG_VOLATILE = {b'age-seconds', b'client-info', b'timestamp-created', b'timestamp-last-updated', b'entry-id'}


def acl_log(a, b, _step=None, _witness=None):
    def calm(reply):
        entries = [dict(entry.value) if isinstance(entry, Tagged) else dict(zip(entry[::2], entry[1::2])) for entry in reply]
        return [{k: v for k, v in entry.items() if k not in LOG_VOLATILE} for entry in entries]
    return a == b or (isinstance(a, list) and isinstance(b, list) and calm(a) == calm(b))


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
    'exact': exact, 'kind': kind, 'unordered': unordered, 'covers': covers, 'pairs': pairs, 'config': pairs, 'sort': sort, 'random': random_reply,
    'scan': scan_reply, 'encoding': exact, 'hello': hello, 'key_flags': key_flags, 'exec': exec_reply, 'refcount': kind,
    'near_s': lambda a, b, _s, _w: near(a, b, 10), 'near_ms': lambda a, b, _s, _w: near(a, b, 10000), 'spop': exact,
    'any': any_reply, 'tree': same_tree, 'xinfo': xinfo, 'xpending': xpending, 'geo': geo, 'acl': acl, 'acl_log': acl_log,
}
# A script that collects a RESP3 map or set into a reply keeps no order; a Lua table of pairs is compared as such.
for _name in list(COMPARATORS):
    COMPARATORS['script:' + _name] = COMPARATORS[_name] if _name in ('near_s', 'near_ms', 'kind', 'refcount', 'any') else (
        lambda a, b, s, w, f=COMPARATORS[_name], n=_name: f(a, b, None, w) or (n in ('unordered', 'pairs', 'config', 'sort', 'geo', 'tree', 'acl') and same_tree(a, b)))


def zero_sign(text):
    """The replies differ in the sign of zeros only."""
    ours, _, theirs = text.rpartition(' => ')[2].partition(' | ')
    return re.sub(r'(?<![-.\d\w])-0(?![.\d])', '0', ours) == re.sub(r'(?<![-.\d\w])-0(?![.\d])', '0', theirs)


FUNCTIONS = {'@zero-sign': zero_sign}


class Allowed:
    """Known differences. A line of the file is `pattern :: reason`; the pattern must match the whole text
    `COMMAND args => tusk's reply | oracle's reply`. `@name pattern :: reason` asks the function of that name, too. `strict` names
    functions that allow nothing in this run."""

    def __init__(self, path):
        self.rules = []
        self.used = {}
        self.strict = set()
        with open(path) as file:
            for line in file:
                line = line.strip()
                if not line or line.startswith('#'):
                    continue
                pattern, reason = line.split(' :: ', 1)
                name = ''
                if pattern.startswith('@'):
                    name, _, pattern = pattern.partition(' ')
                self.rules.append((name, re.compile(pattern, re.S), reason))

    def reason(self, text):
        for name, pattern, reason in self.rules:
            if pattern.fullmatch(text) and (not name or (name not in self.strict and FUNCTIONS[name](text))):
                self.used[reason] = self.used.get(reason, 0) + 1
                return reason
        return None
