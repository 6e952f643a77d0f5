#!/usr/bin/python3
"""COMMAND COUNT, INFO and DOCS, row by row beside redis-server's: no name, arity, flag, key specification, ACL category or argument missing.

  tests/commands/run.py [--server build/release/src/main/tusk-server] [--oracle redis-server]

Flags, categories, tips and key specifications are compared as sets, subcommands one by one. Summaries, complexities and notes are worded
by each house and only have to be there; arguments follow 7.2's names, so of those only tokens and keys have to be there. Differences that are meant, or not built yet, stand in allowed.txt as `name | field | reason`; what
is there and needed no longer is printed, so that the list shrinks. Last line: `N passed, N failed`.
"""
import argparse
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..'))
from support.report import Report  # noqa: E402
from support.resp import Tagged, show  # noqa: E402
from support.servers import Server  # noqa: E402

FIELDS = ['name', 'arity', 'flags', 'first key', 'last key', 'step', 'categories', 'tips', 'key specifications']
# Worded by each house: only presence is compared.
WORDS = {b'summary', b'complexity', b'replaced_by'}
# What later releases added to the documents, or what has nothing to do with a command's shape.
UNCOMPARED = {b'subcommands', b'module'}


def normal(value):
    """Aggregates that mean a set lose their order; key specifications their notes."""
    if isinstance(value, Tagged):
        return normal(value.value) if isinstance(value.value, list) else value.value
    if isinstance(value, list):
        if len(value) % 2 == 0 and value and value[0] == b'notes':
            value = value[2:]
        return [normal(part) for part in value]
    return value


def text(value):
    return show(sorted(map(show, value)) if isinstance(value, list) else value, 100000)


def rows(connection):
    """{name: row}, subcommands included under `container|sub`."""
    found = {}
    for row in connection.call('COMMAND'):
        add(found, row)
    return found


def add(found, row):
    plain = [normal(part) for part in row]
    found[plain[0].decode()] = plain
    for sub in row[9] if len(row) > 9 else []:
        add(found, sub)


def documents(connection):
    found = {}

    def keep(reply):
        for name, doc in zip(reply[::2], reply[1::2]):
            found[name.decode()] = dict(zip(doc[::2], doc[1::2]))
            keep(found[name.decode()].get(b'subcommands', []))

    keep(connection.call('COMMAND', 'DOCS'))
    return found


def arguments(listed):
    """The tokens and keys that the arguments hold, however they are grouped."""
    found = set()
    for argument in listed or []:
        fields = dict(zip(argument[::2], argument[1::2]))
        if fields.get(b'token'):
            found.add(fields[b'token'].decode())
        if fields[b'type'] == b'key':
            found.add(f'key {text(fields.get(b"key_spec_index"))}')
        found |= arguments(fields.get(b'arguments'))
    return found


def releases(history):
    return sorted(entry[0].decode() for entry in normal(history or []))


def document_pairs(ours, theirs):
    """-> (field, ours, theirs) of one command's documents."""
    yield 'arguments', sorted(arguments(theirs.get(b'arguments')) - arguments(ours.get(b'arguments'))), []
    missing = set(releases(theirs.get(b'history'))) - set(releases(ours.get(b'history')))
    yield 'history', sorted(missing), []
    for field in theirs:
        if field in UNCOMPARED or field in (b'arguments', b'history'):
            continue
        if field in WORDS:
            yield field.decode(), bool(ours.get(field)), True
        else:
            yield field.decode(), text(normal(ours.get(field))), text(normal(theirs[field]))


class Judge:
    def __init__(self, path):
        self.report, self.allowed, self.used = Report(verbose=False), {}, set()
        with open(path) as file:
            for line in file:
                if line.strip() and not line.startswith('#'):
                    name, field, _ = line.strip().split(' | ')
                    self.allowed[(name, field)] = True

    def compare(self, name, field, ours, theirs):
        if ours != theirs and (name, field) in self.allowed:
            self.used.add((name, field))
            return
        self.report.check(f'{name} | {field} | ours {ours}\n    theirs {theirs}', ours == theirs)

    def finish(self):
        for name, field in sorted(set(self.allowed) - self.used):
            print(f'{name} | {field} no longer differs: take it off allowed.txt')
        print(f'{len(self.used)} allowed differences')
        self.report.finish()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--server', default=os.path.join(HERE, '../../build/release/src/main/tusk-server'))
    parser.add_argument('--oracle', default='redis-server')
    options = parser.parse_args()
    judge = Judge(os.path.join(HERE, 'allowed.txt'))
    with Server(options.server) as server, Server(options.oracle) as oracle:
        first, second = server.connect(), oracle.connect()
        print(f'COMMAND COUNT: {first.call("COMMAND", "COUNT")} here, {second.call("COMMAND", "COUNT")} in redis-server')
        ours, theirs = rows(first), rows(second)
        docs = documents(first), documents(second)
        for name, row in sorted(theirs.items()):
            judge.compare(name, 'exists', 'yes' if name in ours else 'no', 'yes')
            if name not in ours:
                continue
            for at, field in enumerate(FIELDS):
                judge.compare(name, field, text(ours[name][at]), text(row[at]))
            for field, mine, its in document_pairs(docs[0].get(name, {}), docs[1].get(name, {})):
                judge.compare(name, 'docs ' + field, mine, its)
    judge.finish()


if __name__ == '__main__':
    main()
