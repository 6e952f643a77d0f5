#!/usr/bin/python3
"""COMMAND INFO and the stable part of COMMAND DOCS, row by row beside the oracle's, for every command that is meant to be there.

  tests/oracle/command_table.py [--server build/release/src/main/tusk-server] [--oracle redis-server]

Flags, categories, tips and key specifications are compared as sets, subcommands one by one. Differences that are meant stand in
allowed_differences.txt in the form `COMMAND INFO name field => ours | oracle's`. Last line: `N passed, N failed`.
"""
import argparse
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
from compare import Allowed  # noqa: E402
from support.report import Report  # noqa: E402
from support.resp import Tagged, show  # noqa: E402
from support.servers import Server  # noqa: E402

# What a later stage brings. Everything else that the oracle has must be there.
LATER_GROUPS = {b'bitmap', b'stream', b'geo', b'hyperloglog', b'cluster', b'sentinel'}
LATER = set('dump restore restore-asking migrate wait function fcall fcall_ro acl latency module replicaof slaveof failover psync sync replconf '
            'bgsave bgrewriteaof save lastsave lolwut pfdebug pfselftest asking readonly readwrite '
            'client|tracking client|trackinginfo client|caching client|getredir '
            'memory|doctor memory|malloc-stats memory|purge memory|stats debug|help'.split())
FIELDS = ['name', 'arity', 'flags', 'first key', 'last key', 'step', 'categories', 'tips', 'key specifications']


def normal(value):
    """Aggregates that mean a set lose their order."""
    if isinstance(value, Tagged):
        return normal(value.value) if isinstance(value.value, list) else value.value
    if isinstance(value, list):
        return [normal(part) for part in value]
    return value


def text(value):
    return show(sorted(map(show, value)) if isinstance(value, list) else value, 100000)


def rows(connection, names):
    """{name: row}, subcommands included under `container|sub`."""
    found = {}
    for row in connection.call('COMMAND', 'INFO', *names):
        if isinstance(row, list):
            add(found, row)
    return found


def add(found, row):
    plain = [normal(part) for part in row]
    found[plain[0].decode()] = plain
    for sub in row[9] if len(row) > 9 else []:
        add(found, sub)


def documents(connection, names):
    reply = connection.call('COMMAND', 'DOCS', *names)
    return {name.decode(): dict(zip(doc[::2], doc[1::2])) for name, doc in zip(reply[::2], reply[1::2])}


def wanted_names(connection):
    names = [name.decode() for name in connection.call('COMMAND', 'LIST')]
    docs = documents(connection, names)
    return sorted(name for name in names if name not in LATER and '|' not in name and docs.get(name, {}).get(b'group') not in LATER_GROUPS)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--server', default=os.path.join(HERE, '../../build/release/src/main/tusk-server'))
    parser.add_argument('--oracle', default='redis-server')
    options = parser.parse_args()
    report, allowed = Report(verbose=False), Allowed(os.path.join(HERE, 'allowed_differences.txt'))

    def judge(name, field, ours, theirs):
        line = f'COMMAND INFO {name} {field} => {ours} | {theirs}'
        report.check(line, ours == theirs or allowed.reason(line) is not None)

    with Server(options.server) as server, Server(options.oracle) as oracle:
        first, second = server.connect(), oracle.connect()
        names = wanted_names(second)
        ours, theirs = rows(first, names), rows(second, names)
        for name, row in theirs.items():
            if name in LATER:
                continue
            if name not in ours:
                judge(name, 'exists', 'no', 'yes')
                continue
            for at, field in enumerate(FIELDS):
                judge(name, field, text(ours[name][at]), text(row[at]))
        docs = documents(first, names), documents(second, names)
        for name, doc in docs[1].items():
            for field in (b'since', b'group'):
                judge(name, 'docs ' + field.decode(), show(docs[0].get(name, {}).get(field)), show(doc.get(field)))
    report.finish()


if __name__ == '__main__':
    main()
