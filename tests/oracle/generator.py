"""Turns a seed into the sequence of steps that both servers are taken through.
"""
import hashlib
import random

import commands
import scenarios
import stream_rows
from grammar import JUNK, MEMBERS, VALUES, Slots, compile_template
from scripts import FORWARD, SCRIPTS
from steps import MAIN, SECOND, WAITING, Step, step


class Generator:
    def __init__(self, seed, now, groups=(), missing=(), extra_rows=()):
        self.missing = missing  # Full names (`acl|list`) of commands that must not be sent.
        self.rng = random.Random(seed)
        self.now = now
        self.slots = Slots(self.rng, now)
        self.rows = [row for name in groups if name in commands.GROUPS for row in commands.GROUPS[name]] or commands.ALL + list(extra_rows)
        # Every fourth seed leaves out what unpacks a sorted set early on one side only (see @zero-sign), so that the sign of a zero
        # score can be compared strictly.
        self.packed = seed % 4 == 1
        if self.packed:
            self.rows = [row for row in self.rows if not row.name.startswith('SORT') and 'CONFIG SET {' not in row.text]
        self.weights = [row.weight for row in self.rows]
        self.plain_rows = [row for row in self.rows if row.script]
        self.slots.templates = [row.template for row in self.plain_rows]
        self.plain_weights = [row.weight for row in self.plain_rows]
        self.scripts = [(body.encode(), keys, compile_template(text)) for body, keys, text in SCRIPTS
                        if not (self.packed and 'sort' in body)]
        self.forward = [body.encode() for body in FORWARD]
        # Every second seed listens to keyspace events; SPOP is imitated by SREM on the oracle, so it would differ there.
        self.notify = seed % 2 == 1 and not groups
        self.scenarios = [(self.transaction, 30), (self.script, 60), (self.watch, 10), (self.publish, 8), (self.block, 6),
                          (self.scan, 8), (self.protocol, 2), (self.bulk, 3), (self.flush, 1), (self.misuse, 4)]
        self.scenarios += [(lambda: scenarios.tracking(self), 6), (lambda: scenarios.access(self), 8), (lambda: scenarios.transfer(self), 12)]
        if groups:
            named = {'transactions': self.transaction, 'watch': self.watch, 'scripts': self.script, 'publish': self.publish, 'blocking': self.block}
            self.scenarios = self.scenarios[:10]
            wanted = [named[name] for name in groups if name in named] + [self.scan, self.bulk, self.flush]
            self.scenarios = [(function, weight) for function, weight in self.scenarios if function in wanted]

    def steps(self, count):
        """About `count` steps; scenarios are not cut off."""
        done = 0
        for first in self.opening():
            yield first
        functions, weights = zip(*self.scenarios)
        while done < count:
            if self.rng.random() < 0.93:
                some = self.plain(SECOND if self.rng.random() < 0.04 else MAIN)
            else:
                some = self.rng.choices(functions, weights)[0]()
            done += len(some)
            yield from some

    def opening(self):
        if self.notify:
            yield step(MAIN, 'CONFIG', 'SET', 'notify-keyspace-events', self.rng.choice(['KEA', 'Eg$lshzxeKd', 'KEA']))
            yield step(WAITING, 'PSUBSCRIBE', '__key*', kind='subscribe')
            yield step(WAITING, kind='drain')

    def _pick(self, rows, weights):
        while True:
            row = self.rng.choices(rows, weights)[0]
            if not (self.notify and row.compare == 'spop'):
                return row

    def _filled(self, rows, weights):
        while True:
            row = self._pick(rows, weights)
            args = self.slots.fill(row.template)
            if not self.missing or not (row.whole_table or self._names_missing(args)):
                return row, args

    def _names_missing(self, args):
        """Is it, or does it ask about, a command that the server under test has not?"""
        words = [arg.lower() for arg in args[:4]]
        about = words[2:] if words[0] in (b'command', b'acl') else []
        return words[0] in self.missing or b'|'.join(words[:2]) in self.missing or any(word in self.missing for word in about)

    def plain(self, conn):
        row, args = self._filled(self.rows, self.weights)
        if self.rng.random() < 0.03 and not row.fixed:
            args = self.mutate(args)
        if self.rng.random() < 0.02:
            args[0] = self.rng.choice([args[0].lower(), args[0].capitalize()])
        self.tame(args)
        before = [step(conn, *first) for first in stream_rows.consumer_first(args)]
        return self.calm(conn, args) + before + [Step(row.kind, conn, args, row.compare, None)]

    @staticmethod
    def calm(conn, args):
        """Redis' SORT looks at errno without having cleared it, so that an overflow in an earlier SORT fails a later one. What comes
        before it here parses a number with a cleared errno and changes nothing."""
        sorts = any(arg.upper() in (b'SORT', b'SORT_RO') for arg in args) or any(b'"sort"' in arg for arg in args[1:2])
        return [step(conn, 'HINCRBYFLOAT', 'calm', 'f', 'x')] if sorts else []

    @staticmethod
    def tame(args):
        """7.2 refuses the one count whose negation overflows, where 7.0 goes on and changes the list in its own way."""
        if args[0].upper() in (b'LREM', b'LPOS'):
            args[1:] = [b'-9223372036854775807' if arg == b'-9223372036854775808' else arg for arg in args[1:]]

    def inner(self):
        """A command that may stand in MULTI or in a script."""
        row, args = self._filled(self.plain_rows, self.plain_weights)
        if self.rng.random() < 0.02 and not row.fixed:
            args = self.mutate(args)
        self.tame(args)
        return args, row.compare

    def mutate(self, args):
        args = list(args)
        at = self.rng.randrange(1, len(args)) if len(args) > 1 else 0
        roll = self.rng.randrange(6)
        if args[0].decode() in commands.DEADLINES:
            roll = self.rng.choice([0, 5])
        if roll == 0 and at:
            del args[at]
        elif roll == 1 and at:
            args.insert(at, args[at])
        elif roll == 2:
            args.append(self.rng.choice(JUNK))
        elif roll == 3 and at:
            args[at] = self.rng.choice(JUNK)
        elif roll == 4 and at:
            other = self.rng.randrange(1, len(args))
            args[at], args[other] = args[other], args[at]
        else:
            args = args[:max(1, at)]
        return args

    # Scenarios: short lists of steps that belong together.

    def transaction(self):
        conn = self.rng.choice([MAIN, MAIN, SECOND])
        steps = [step(conn, 'MULTI')]
        inner = []
        for _ in range(self.rng.choice([0, 1, 2, 3, 5, 8])):
            args, compare = self.inner()
            for calm in self.calm(conn, args):
                steps.append(calm)
                inner.append((calm.args, 'exact'))
            steps.append(Step('cmd', conn, args, 'exact', None))
            inner.append((args, compare))
        end = self.rng.choices(['EXEC', 'DISCARD', 'NESTED', 'WATCH', 'BAD'], [12, 2, 1, 1, 1])[0]
        if end == 'NESTED':
            steps.append(step(conn, 'MULTI'))
        elif end == 'WATCH':
            steps.append(step(conn, 'WATCH', 'a'))
        elif end == 'BAD':
            steps.append(step(conn, *self.rng.choice([('NOSUCH', 'x'), ('GET',), ('EXEC', 'x'), ('SUBSCRIBE',)])))
        steps.append(step(conn, 'DISCARD' if end == 'DISCARD' else 'EXEC', compare='exec', inner=inner))
        return steps

    def watch(self):
        watched = self.slots.slot_k()
        steps = [step(MAIN, 'WATCH', watched, *([self.slots.slot_k()] if self.rng.random() < 0.3 else []))]
        if self.rng.random() < 0.15:
            steps.append(step(MAIN, 'UNWATCH'))
        for _ in range(self.rng.choice([0, 1, 1, 2])):
            args, compare = self.inner()
            conn = self.rng.choice([SECOND, SECOND, MAIN])
            steps += self.calm(conn, args) + [Step('cmd', conn, args, compare, None)]
        steps.append(step(MAIN, 'MULTI'))
        args, compare = self.inner()
        queued = self.calm(MAIN, args) + [Step('cmd', MAIN, args, 'exact', None)]
        steps += queued
        if self.rng.random() < 0.4:
            other, other_compare = self.inner()
            steps += self.calm(SECOND, other) + [Step('cmd', SECOND, other, other_compare, None)]
        steps.append(step(MAIN, 'EXEC', compare='exec', inner=[(one.args, 'exact') for one in queued[:-1]] + [(args, compare)]))
        return steps

    def script(self):
        conn = MAIN
        if self.rng.random() < 0.5:
            args, compare = self.inner()
            body = self.rng.choice(self.forward)
            # Which arguments are declared as keys makes no difference; mostly none are, which takes the lane.
            rest = [b'0', *args]
            name = self.rng.choices([b'EVAL', b'EVAL_RO'], [8, 1])[0]
            compare = 'script:' + compare
        else:
            body, keys, template = self.rng.choice(self.scripts)
            name, compare = self.rng.choice([b'EVAL', b'EVAL', b'EVAL', b'EVAL_RO']), 'exact'
            rest = [b'%d' % keys, *self.slots.fill(template)]
        if self.rng.random() < 0.25:
            sha = hashlib.sha1(body).hexdigest().encode()
            if self.rng.random() < 0.2:
                sha = sha.upper()
            steps = [step(conn, 'SCRIPT', 'LOAD', body)] if self.rng.random() < 0.7 else []
            return self.calm(conn, [b'', body, *rest]) + steps + [
                Step('cmd', conn, [name.replace(b'EVAL', b'EVALSHA'), sha, *rest], compare, None)]
        return self.calm(conn, [name, body, *rest]) + [Step('cmd', conn, [name, body, *rest], compare, None)]

    def misuse(self):
        roll = self.rng.randrange(7)
        if roll == 0:
            return [step(MAIN, 'SCRIPT', 'EXISTS', hashlib.sha1(b'return 1').hexdigest(), 'abc')]
        if roll == 1:
            return [step(MAIN, 'SCRIPT', 'FLUSH', *self.rng.choice([(), ('SYNC',), ('ASYNC',), ('x',), ('SYNC', 'x')]))]
        if roll == 2:
            return [step(MAIN, 'EVAL', 'return 1', self.rng.choice(['-1', 'abc', '3', '']), 'a')]
        if roll == 3:
            return [step(MAIN, 'EVALSHA', self.rng.choice(['', 'abc', 'f' * 40, 'g' * 41]), '0')]
        if roll == 4:
            args, _ = self.inner()
            return [Step('cmd', MAIN, [b'COMMAND', b'GETKEYS', *args], 'exact', None)]
        if roll == 5:
            args, _ = self.inner()
            return [Step('cmd', MAIN, [b'COMMAND', b'GETKEYSANDFLAGS', *args], 'key_flags', None)]
        return [step(SECOND, 'RESET')] + [step(SECOND, 'HELLO', self.rng.choice('23'), compare='hello')]

    def publish(self):
        """A subscriber on its own connection; messages are compared when it is drained."""
        if self.notify:
            return [step(WAITING, kind='drain')]
        channels = self.rng.sample(['ch:1', 'ch:2', 'news.a', 'news.b', ''], self.rng.choice([1, 1, 2, 3]))
        name = self.rng.choice(['SUBSCRIBE', 'SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE'])
        if name == 'PSUBSCRIBE':
            # A message that matches two patterns of one client arrives twice in no defined order: so never two that overlap.
            channels = self.rng.choice([['ch:*', 'news.[ab]'], ['*'], ['n?ws.a', 'ch:[^2]'], ['news\\.?']])
        steps = [step(WAITING, name, *channels, kind='subscribe'), step(WAITING, kind='drain')]
        for _ in range(self.rng.choice([1, 2, 4])):
            send = 'SPUBLISH' if name == 'SSUBSCRIBE' else 'PUBLISH'
            # For Redis the pattern * does not match an empty channel; for us it does.
            empty = [] if name == 'PSUBSCRIBE' else ['']
            steps.append(step(MAIN, send, self.rng.choice(['ch:1', 'ch:2', 'news.a', 'news.c', *empty]), self.rng.choice(VALUES)))
        if self.rng.random() < 0.3:
            steps.append(step(MAIN, 'PUBSUB', self.rng.choice(['CHANNELS', 'NUMPAT', 'SHARDCHANNELS']), compare='unordered'))
            steps.append(step(MAIN, 'PUBSUB', 'NUMSUB', 'ch:1', 'news.a', 'nobody'))
        if self.rng.random() < 0.3:
            steps.append(step(WAITING, *self.rng.choice([('GET', 's:1'), ('PING',), ('PING', 'x'), ('ECHO', 'y')]), kind='subscribe'))
            steps.append(step(WAITING, kind='drain'))
            steps.append(step(WAITING, 'DISCARD', kind='subscribe'))
        steps.append(step(WAITING, kind='drain'))
        # Leaving all channels at once answers in no defined order: name them, and leave "all" only when one or none is left.
        named = channels[:-1] if self.rng.random() < 0.3 else channels
        if named:
            steps.append(step(WAITING, name.replace('SUB', 'UNSUB', 1), *named, kind='subscribe'))
        steps.append(step(WAITING, name.replace('SUB', 'UNSUB', 1), kind='subscribe'))
        steps.append(step(WAITING, kind='drain'))
        return steps

    BLOCKING = ['BLPOP (l)+ 0', 'BRPOP (l)+ 0', 'BLMOVE l l {LEFT|RIGHT} {LEFT|RIGHT} 0', 'BRPOPLPUSH l l 0', 'BLMPOP 0 nkl {LEFT|RIGHT} [COUNT cnt]',
                'BZPOPMIN (z)+ 0', 'BZPOPMAX (z)+ 0', 'BZMPOP 0 nkz {MIN|MAX} [COUNT cnt]']
    BLOCKING = [compile_template(text) for text in BLOCKING]
    WAKING = [compile_template(text) for text in ['LPUSH l (e)+', 'RPUSH l (e)+', 'ZADD z score m', 'RENAME k k', 'DEL k', 'SET l v', 'RPOPLPUSH l l',
                                                  'SORT t STORE l', 'ZUNIONSTORE z nktz', 'COPY l l', 'LMOVE l l LEFT RIGHT', 'MOVE l 1']]

    def block(self):
        if self.notify:
            return [step(WAITING, kind='drain')]
        if self.rng.random() < 0.1:
            # Two keys that SWAPDB makes ready at once are served in no defined order: one key here.
            return [step(MAIN, 'SELECT', 0), step(MAIN, 'DEL', 'l:0'), step(WAITING, 'BLPOP', 'l:0', 0, kind='block'), step(MAIN, 'SELECT', 1),
                    step(MAIN, 'RPUSH', 'l:0', 'a', 'b'), step(MAIN, 'SWAPDB', 0, 1), step(MAIN, 'SELECT', 0), step(MAIN, 'TIMEOUT', kind='unblock'),
                    step(WAITING, kind='collect')]
        keys = self.rng.sample(self.slots.pools['l'], 2) + self.rng.sample(self.slots.pools['z'], 2)
        steps = [step(MAIN, 'DEL', *keys)] if self.rng.random() < 0.8 else []
        on_stream = b'xadd' not in self.missing and self.rng.random() < 0.3
        call = self.slots.fill(self.rng.choice(scenarios.STREAM_BLOCKING if on_stream else self.BLOCKING))
        # On the connection that waits: the other one may be inside MULTI, or in another database.
        steps += [step(WAITING, *first) for first in stream_rows.consumer_first(call)] + [Step('block', WAITING, call, 'exact', None)]
        waking = scenarios.STREAM_WAKING if on_stream else [template for template in self.WAKING if not (self.packed and template[1][0] == ('word', b'SORT'))]
        for _ in range(self.rng.choice([1, 2, 3, 5])):
            args = self.slots.fill(self.rng.choice(waking))
            steps += self.calm(MAIN, args) + [Step('cmd', MAIN, args, 'exact', None)]
        if self.rng.random() < 0.3:
            inner = [self.slots.fill(self.rng.choice(waking)) for _ in range(2)]
            steps += [step(MAIN, 'MULTI'), *(Step('cmd', MAIN, args, 'exact', None) for args in inner),
                      step(MAIN, 'EXEC', compare='exec', inner=[(args, 'exact') for args in inner])]
        steps.append(step(MAIN, self.rng.choice(['TIMEOUT', 'ERROR', 'TIMEOUT', '']), kind='unblock'))
        steps.append(step(WAITING, kind='collect'))
        return steps

    SCANS = [compile_template(text) for text in ['SCAN <[MATCH pattern] [COUNT pos] [TYPE {string|list|set|zset|hash|STRING}]>', 'HSCAN h <[MATCH pattern] [COUNT pos]>',
                                                 'SSCAN t <[MATCH pattern] [COUNT pos]>', 'ZSCAN z <[MATCH pattern] [COUNT pos]>']]

    def scan(self):
        return [Step('scan', MAIN, self.slots.fill(self.rng.choice(self.SCANS)), 'exact', None)]

    def protocol(self):
        return [step(conn, 'HELLO', self.rng.choice('23'), compare='hello') for conn in (MAIN, SECOND)] + (
            [] if self.notify else [step(WAITING, 'HELLO', self.rng.choice('23'), compare='hello')])

    def bulk(self):
        """Enough elements to pass the default limits of the packed encodings, then a few operations around them."""
        rng = self.rng
        count = rng.choice([120, 127, 128, 129, 140, 511, 512, 513, 600])
        kind = rng.choice('hstlzi')
        items = [b'%d' % n if kind == 'i' else b'm%d' % n for n in range(count)]
        if kind == 'h':
            args = [b'HSET', b'big:h', *(part for item in items for part in (item, rng.choice(VALUES)))]
        elif kind == 'z':
            args = [b'ZADD', b'big:z', *(part for n, item in enumerate(items) for part in (b'%d' % (n * 7 % 100), item))]
        elif kind in 'ti':
            args = [b'SADD', b'big:' + kind.encode(), *items]
        else:
            args, kind = [b'RPUSH', b'big:l', *items], 'l'
        key = args[1]
        checks = {'h': [('HDEL', key, b'm1', b'm2'), ('HLEN', key), ('HMGET', key, b'm3', b'm1')], 'l': [('LTRIM', key, 3, 110), ('LINSERT', key, 'BEFORE', 'm50', 'in'), ('LLEN', key)],
                  'z': [('ZRANGE', key, 20, 30, 'WITHSCORES'), ('ZREM', key, 'm4'), ('ZRANK', key, 'm77'), ('ZREMRANGEBYRANK', key, 0, 9)]}
        checks['t'] = checks['i'] = [('SREM', key, b'm1', b'1'), ('SCARD', key), ('SADD', key, rng.choice(MEMBERS)), ('SINTERCARD', 1, key)]
        steps = [Step('cmd', MAIN, args, 'exact', None), step(MAIN, 'OBJECT', 'ENCODING', key, compare='encoding')]
        steps += [step(MAIN, *check) for check in checks[kind]]
        steps.append(step(MAIN, 'OBJECT', 'ENCODING', key, compare='encoding'))
        if rng.random() < 0.6:
            steps.append(step(MAIN, 'COPY', key, b'big:copy', 'REPLACE'))
            steps.append(step(MAIN, 'OBJECT', 'ENCODING', b'big:copy', compare='encoding'))
        if rng.random() < 0.6:
            steps.append(step(MAIN, 'DEL', key))
        return steps

    def flush(self):
        return [step(MAIN, 'FLUSHALL', *self.rng.choice([(), ('ASYNC',), ('SYNC',), ('BAD',)]))]
