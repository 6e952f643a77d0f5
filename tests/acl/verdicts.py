#!/usr/bin/python3
"""What users may do, as ACL DRYRUN tells it: ours beside redis-server 7.0's.

  tests/acl/verdicts.py [--server build/release/src/main/tusk-server] [--oracle redis-server] [--users 2000] [--seed N]

First every category, taken and given alone, over every command with plausible arguments. Then random users with random rules,
selectors and patterns over random commands with random arguments. No verdict may differ, nor the command, key or channel that it
names; 7.2 words it otherwise, which is taken out. Commands that the oracle has and we have not are printed; none may be missing
that ABSENT does not name.
Last line: `N passed, N failed`.
"""
import argparse
import os
import random
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..')]
from support.report import Report  # noqa: E402
from support.resp import is_error  # noqa: E402
from support.servers import Server  # noqa: E402

# What the oracle has and we do not (yet), by the first word.
ABSENT = set('bgrewriteaof memory'.split())
# Where we judge otherwise on purpose: name -> why.
STRICTER = {('pfmerge',): 'with a destination alone Redis finds no keys at all, so that anybody may overwrite it'}
WORDS = ['1', '2', 'a', 'b', 'ab', 'get', 'set', 'store', 'storedist', 'keys', 'streams', 'by', 'limit', 'incrby', 'overflow', 'count',
         'block', 'aggregate', 'weights', '', '0', 'withscores', 'replace', 'auth', 'auth2', 'ex', 'u8', '#0', 'left', 'group']
GLOBS = ['1', '2', 'a', 'a*', '?', '[ab]', '*', 'b*', '\\a', '1*']
VERDICT = re.compile(rb"(?:This user|User \S+) has no permissions to (run|access) the '(.*)' (command|key|channel)$", re.S)


def verdict(reply):
    """Comparable over versions: OK, the error's text, or what is refused."""
    if is_error(reply):
        return reply.value.decode('latin1')
    if isinstance(reply, tuple):
        return reply[1].decode()
    found = VERDICT.match(reply)
    return ' '.join(part.decode('latin1') for part in (found[3], found[2])) if found else repr(reply)


def commands_of(connection):
    """{full name as words: arity}, containers left out."""
    found = {}
    for row in connection.call('COMMAND'):
        name, arity, subs = row[0].decode(), row[1], row[9]
        for sub in subs:
            found[tuple(sub[0].decode().split('|'))] = sub[1]
        if not subs:
            found[(name,)] = arity
    return found


class Pair:
    def __init__(self, ours, oracle, report):
        self.connections, self.report, self.checked = (ours, oracle), report, 0

    def set_user(self, rules):
        replies = [c.call('ACL', 'SETUSER', 'u', *rules) for c in self.connections]
        same = is_error(replies[0]) == is_error(replies[1]) and (not is_error(replies[0]) or replies[0] == replies[1])
        if not same:
            self.report.check(f'ACL SETUSER u {rules}', False, f'ours {replies[0]!r}, oracle {replies[1]!r}')
        return same and not is_error(replies[0])

    def judge(self, rules, lines):
        dry = [[b'ACL', b'DRYRUN', b'u', *(word.encode() for word in line)] for line in lines]
        ours, theirs = ([verdict(r) for r in c.pipeline(dry)] for c in self.connections)
        differ = [(line, a, b) for line, a, b in zip(lines, ours, theirs) if a != b]
        self.checked += len(lines)
        self.report.check(f'verdicts for {" ".join(rules)}', not differ,
                          '; '.join(f'{" ".join(line)!r}: ours {a!r}, oracle {b!r}' for line, a, b in differ[:5]))
        return not differ


def plausible(name, arity):
    """Ones fit everywhere: as key, as number, as count of keys."""
    return [*name, *['1'] * (abs(arity) - len(name))]


def random_line(draw, name, arity):
    words = arity if arity > 0 else -arity + draw.randrange(5)
    return [*name, *(draw.choice(WORDS) for _ in range(words - len(name)))]


def random_selector(draw, names, categories):
    rules = [draw.choice(['+@all', '+@all', '-@all', 'allcommands'])]
    for _ in range(draw.randrange(5)):
        sign = draw.choice('+-')
        rules.append(sign + ('@' + draw.choice(categories) if draw.random() < .5 else '|'.join(draw.choice(names))))
    if draw.random() < .2:
        rules.append('+select|' + draw.choice(['1', '2']))
    for _ in range(draw.randrange(4)):
        rules.append(draw.choice(['~', '~', '%R~', '%W~', '%RW~']) + draw.choice(GLOBS))
    for _ in range(draw.randrange(3)):
        rules.append('&' + draw.choice(GLOBS))
    return rules


def random_rules(draw, names, categories):
    rules = ['reset', *random_selector(draw, names, categories)]
    for _ in range(draw.choice([0, 0, 1, 2])):
        rules.append('(' + ' '.join(random_selector(draw, names, categories)) + ')')
    return rules


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--server', default='build/release/src/main/tusk-server')
    parser.add_argument('--oracle', default='redis-server')
    parser.add_argument('--users', type=int, default=2000)
    parser.add_argument('--seed', type=int, default=7)
    options = parser.parse_args()
    report = Report(verbose=False)
    with Server(options.server, {'enable-debug-command': 'yes', 'enable-module-command': 'yes'}) as mine, Server(options.oracle) as theirs:
        pair = Pair(mine.connect(), theirs.connect(), report)
        have, want = (commands_of(c) for c in pair.connections)
        absent = want.keys() - have.keys()
        print('not here:', ' '.join(sorted('|'.join(name) for name in absent)))
        report.check('no other commands are absent than those listed', {name[0] for name in absent} <= ABSENT,
                     str(sorted({name[0] for name in absent} - ABSENT)))
        names = sorted(want.keys() & have.keys() - STRICTER.keys())
        categories = [c.decode() for c in pair.connections[1].call('ACL', 'CAT')]
        mine_too = [c.decode() for c in pair.connections[0].call('ACL', 'CAT')]
        # Redis has the category with its module only.
        report.check('ACL CAT', mine_too == [*categories, 'json'], f'ours {mine_too}, oracle {categories}')
        lines = [plausible(name, want[name]) for name in names]
        for category in categories:
            for rules in (['reset', '~*', '&*', '+@all', '-@' + category], ['reset', '~*', '&*', '-@all', '+@' + category]):
                if pair.set_user(rules):
                    pair.judge(rules, lines)
        draw = random.Random(options.seed)
        for _ in range(options.users):
            rules = random_rules(draw, names, categories)
            if pair.set_user(rules):
                picked = [draw.choice(names) for _ in range(60)]
                pair.judge(rules, [random_line(draw, name, want[name]) for name in picked])
        print(f'{pair.checked} verdicts, seed {options.seed}')
    report.finish()


if __name__ == '__main__':
    main()
