"""Templates from the oracle's own COMMAND DOCS, so that no command is forgotten: each syntax with all its options, filled with values of the
documented type, valid or not for the key at hand. The hand-written rows know what goes together; these know everything there is."""
import re

from grammar import compile_template

# What must not be called with any random argument, and why. Names as COMMAND LIST has them; a container's name stands for all of it.
LEFT_OUT = {
    'shutdown': 'ends the server', 'debug': 'only the forms in admin.py: others crash, sleep or reload', 'monitor': 'streams the other connections',
    'sync': 'turns the connection into a replica', 'psync': 'turns the connection into a replica', 'replconf': 'part of the replication stream',
    'replicaof': 'would empty the dataset', 'slaveof': 'would empty the dataset', 'failover': 'needs replicas', 'subscribe': 'scenario publish',
    'psubscribe': 'scenario publish', 'ssubscribe': 'scenario publish', 'unsubscribe': 'scenario publish', 'punsubscribe': 'scenario publish',
    'sunsubscribe': 'scenario publish', 'multi': 'scenario transaction', 'exec': 'scenario transaction', 'quit': 'closes the connection',
    'reset': 'scenario misuse', 'hello': 'scenario protocol', 'auth': 'rows in commands.py', 'client': 'rows in admin.py: others block or close connections',
    'config': 'rows: a random setting would change the run', 'acl': 'rows in admin.py', 'blpop': 'rows with short timeouts', 'brpop': 'rows with short timeouts',
    'blmove': 'rows with short timeouts', 'brpoplpush': 'rows with short timeouts', 'blmpop': 'rows with short timeouts',
    'bzpopmin': 'rows with short timeouts', 'bzpopmax': 'rows with short timeouts', 'bzmpop': 'rows with short timeouts', 'wait': 'blocks',
    'xread': 'its BLOCK waits: rows in stream_rows.py', 'xreadgroup': 'its BLOCK waits: rows in stream_rows.py', 'xadd': 'its * is the clock: rows in stream_rows.py',
    'migrate': 'rows in admin.py', 'restore': 'scenario transfer', 'restore-asking': 'scenario transfer', 'dump': 'scenario transfer', 'swapdb': 'rows in commands.py',
    'script': 'rows in commands.py and the scenario script', 'function': 'rows in functions.py', 'setbit': 'rows with small offsets',
    'bitfield': 'rows with small offsets', 'bitfield_ro': 'rows with small offsets', 'setrange': 'rows with small offsets', 'pfselftest': 'runs for a minute',
    'pfdebug': 'rows in hyperloglogs.py', 'module': 'rows in admin.py', 'memory': 'rows in admin.py', 'latency': 'rows in admin.py', 'lolwut': 'rows in admin.py',
    'cluster': 'rows in admin.py', 'command': 'rows in admin.py; command_table.py compares the replies', 'info': 'rows in admin.py',
    'save': 'writes files: tests of persistence', 'bgsave': 'writes files: tests of persistence', 'bgrewriteaof': 'writes files: tests of persistence',
    'slowlog': 'rows in commands.py', 'pubsub': 'rows in commands.py', 'object': 'rows in commands.py', 'select': 'rows in commands.py',
    'eval': 'scenario script', 'eval_ro': 'scenario script', 'evalsha': 'scenario script', 'evalsha_ro': 'scenario script', 'flushall': 'scenario flush',
    'sort': 'rows in commands.py: undefined order at equal weights', 'sort_ro': 'rows in commands.py', 'spop': 'rows in commands.py', 'zrank': '7.2 has an argument more',
    'zrevrank': '7.2 has an argument more', 'srandmember': 'rows in commands.py', 'hrandfield': 'rows in commands.py', 'zrandmember': 'rows in commands.py',
    'randomkey': 'rows in commands.py', 'scan': 'rows in commands.py', 'sscan': 'rows in commands.py', 'hscan': 'rows in commands.py', 'zscan': 'rows in commands.py',
    'ttl': 'rows in commands.py', 'pttl': 'rows in commands.py', 'time': 'rows in commands.py', 'lastsave': 'rows in admin.py', 'role': 'rows in admin.py',
    'restore': 'scenario transfer', 'expire': 'rows keep deadlines far away', 'pexpire': 'rows keep deadlines far away', 'expireat': 'rows keep deadlines far away',
    'pexpireat': 'rows keep deadlines far away', 'setex': 'rows keep deadlines far away', 'psetex': 'rows keep deadlines far away', 'getex': 'rows keep deadlines far away',
    'set': 'rows keep deadlines far away', 'keys': 'rows in commands.py', 'lrem': 'rows in commands.py', 'xinfo': 'rows in stream_rows.py', 'xclaim': 'rows in stream_rows.py',
    'expiretime': 'rows in commands.py', 'pexpiretime': 'rows in commands.py', 'lpos': 'rows in commands.py', 'zrangebylex': 'rows on keys with one score',
    'zrevrangebylex': 'rows on keys with one score', 'zlexcount': 'rows on keys with one score', 'zremrangebylex': 'rows on keys with one score',
    'zrange': 'rows: lex ranges on keys with one score', 'zrangestore': 'rows: lex ranges on keys with one score', 'xautoclaim': 'rows in stream_rows.py',
    'xsetid': 'rows in stream_rows.py: 7.2 checks more',
    'fcall': 'rows in functions.py', 'fcall_ro': 'rows in functions.py', 'hgetall': 'rows in commands.py', 'xpending': 'rows in stream_rows.py',
}
KEY_OF_GROUP = {b'string': 's', b'list': 'l', b'hash': 'h', b'set': 't', b'sorted-set': 'z', b'sorted_set': 'z', b'stream': 'x', b'geo': 'g_', b'hyperloglog': 'p', b'bitmap': 's'}
VALUE_OF_TYPE = {b'string': 'v', b'integer': 'cnt', b'double': 'fl', b'pattern': 'pattern', b'unix-time': 'at'}


def _plain(value):
    """Maps as dictionaries, whether they came as RESP2 lists or RESP3 maps."""
    return dict(zip(value[::2], value[1::2]))


def _argument(raw, key):
    argument = _plain(raw)
    kind, flags = argument[b'type'], argument.get(b'flags', [])
    flags = {getattr(flag, 'value', flag) for flag in flags}
    token = argument.get(b'token', b'').decode()
    if kind == b'pure-token':
        text = token
    elif kind == b'oneof':
        text = '{' + '|'.join(_argument(part, key) for part in argument[b'arguments']) + '}'
    elif kind == b'block':
        text = ' '.join(_argument(part, key) for part in argument[b'arguments'])
    elif kind == b'key':
        text = key
    else:
        text = VALUE_OF_TYPE[kind]
    if token and kind != b'pure-token' and token != '""':
        text = f'({token} {text})+' if b'multiple_token' in flags else f'{token} ' + (f'({text})+' if b'multiple' in flags else text)
    elif b'multiple' in flags:
        text = f'({text})+'
    return f'[{text}]' if b'optional' in flags else text


def templates(connection, missing):
    """{name: template text} of every command that is not left out."""
    names = [name.decode() for name in connection.call('COMMAND', 'LIST') if b'|' not in name and name not in missing]
    wanted = sorted(name for name in names if name not in LEFT_OUT)
    reply = connection.call('COMMAND', 'DOCS', *wanted)
    found = {}
    for name, doc in zip(reply[::2], reply[1::2]):
        doc = _plain(doc)
        key = KEY_OF_GROUP.get(doc[b'group'], 'k')
        parts = [_argument(argument, key) for argument in doc.get(b'arguments', [])]
        text = re.sub(r'\s+', ' ', ' '.join([name.decode().upper(), *parts]))
        # A count of keys stands before them: one slot knows both.
        text = re.sub(r'\bcnt \((t|z|l|k|s)\)\+', lambda found: f'nk{found[1]}' if found[1] in 'tzl' else found[0], text)
        compile_template(text)
        found[name.decode()] = text
    return found


def comparator(tips):
    tips = {getattr(tip, 'value', tip) for tip in tips}
    return 'unordered' if b'nondeterministic_output_order' in tips else 'kind' if b'nondeterministic_output' in tips else 'exact'


def rows(connection, missing, make_row):
    found = templates(connection, missing)
    info = connection.call('COMMAND', 'INFO', *found)
    return [make_row(text, 2, comparator(facts[7]), script=False, fixed=True) for (name, text), facts in zip(found.items(), info)]
