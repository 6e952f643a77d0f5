#!/usr/bin/python3
"""Values of every type and encoding go from redis-server to Tusk and back: by DUMP and RESTORE, by RDB file, by MIGRATE.

  tests/round_trip/run.py [--server build/release/src/main/tusk-server] [--redis redis-server]

Content, deadlines and (in the words of Redis 7.0) encodings must be equal on both sides. Last line: `N passed, N failed`.
Exit status 77: there is no redis-server here.
"""
import argparse
import os
import shutil
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
from support import resp  # noqa: E402
from support.report import Report  # noqa: E402
from support.servers import Server  # noqa: E402
from support.values import content, create, dataset  # noqa: E402

SKIPPED_EXIT = 77


def facts(connection, name):
    return content(connection, name), connection.call('OBJECT', 'ENCODING', name), connection.call('PEXPIRETIME', name)


def same(there, here, name):
    expected, got = facts(there, name), facts(here, name)
    assert expected == got, f'{str(expected)[:300]} became {str(got)[:300]}'


def by_dump(source, target, name):
    payload = source.call('DUMP', name)
    assert isinstance(payload, bytes), payload
    reply = target.call('RESTORE', name, max(source.call('PEXPIRETIME', name), 0), payload, 'REPLACE', 'ABSTTL')
    assert reply == ('+', b'OK'), reply
    same(source, target, name)


def by_migrate(source, target, port, name):
    expected = content(source, name)
    target.call('DEL', name)
    reply = source.call('MIGRATE', '127.0.0.1', port, name, 0, 5000)
    assert reply == ('+', b'OK'), reply
    assert content(target, name) == expected
    assert source.call('EXISTS', name) == 0


def by_file(binary, server, names, report, label, options):
    """Everything that `server` holds, saved by it and loaded by `binary`."""
    holder = server.connect()
    assert holder.call('SAVE') == ('+', b'OK')
    with Server(binary, options) as started:
        shutil.copy(os.path.join(server.dir, 'dump.rdb'), os.path.join(started.dir, 'dump.rdb'))
        started.stop()
        started.start()
        loaded = started.connect()
        for name in names:
            report.run(f'{label} {name}', same, holder, loaded, name)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--server', default=os.path.join(HERE, '../../build/release/src/main/tusk-server'))
    parser.add_argument('--redis', default='redis-server')
    options = parser.parse_args()
    if not shutil.which(options.redis):
        print('no redis-server here')
        sys.exit(SKIPPED_EXIT)
    report = Report()
    # Packed sets are unknown to Redis 7.0: with that limit at 0 encodings can be compared.
    tusk_options = {'classic-encoding-names': 'yes', 'classic-number-format': 'yes', 'set-max-listpack-entries': '0'}
    with Server(options.redis) as redis, Server(options.server, tusk_options) as tusk:
        there, here = redis.connect(), tusk.connect()
        names = []
        for name, command in dataset():
            if resp.is_null(here.call('COMMAND', 'INFO', command[0])[0]):
                print(f'SKIP {name}: no {command[0]} here')
                continue
            for connection in (there, here):
                create(connection, name, command)
            names.append(name)
        deadline = int(time.time() + 3600) * 1000
        for name in names[::3]:
            there.call('PEXPIREAT', name, deadline)
            here.call('PEXPIREAT', name, deadline)
        for name in names:
            report.run(f'created alike {name}', same, there, here, name)
        for name in names:
            report.run(f'DUMP redis -> tusk {name}', by_dump, there, here, name)
            report.run(f'DUMP tusk -> redis {name}', by_dump, here, there, name)
        by_file(options.server, redis, names, report, 'RDB redis -> tusk', tusk_options)
        by_file(options.redis, tusk, names, report, 'RDB tusk -> redis', {})
        for name in names:
            report.run(f'MIGRATE tusk -> redis {name}', by_migrate, here, there, redis.port, name)
            report.run(f'MIGRATE redis -> tusk {name}', by_migrate, there, here, tusk.port, name)
    report.finish()


if __name__ == '__main__':
    main()
