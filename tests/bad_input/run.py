#!/usr/bin/python3
"""Bad input of every kind: a clear error or the documented behaviour, the server alive, its memory bounded.

  tests/bad_input/run.py [--server build/release/src/main/tusk-server] [--only TEXT]

Last line: `N passed, N failed`.
"""
import argparse
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
import connections  # noqa: E402
import memory  # noqa: E402
import requests  # noqa: E402
from support.report import Report  # noqa: E402
from support.servers import Server  # noqa: E402

MIB = 1 << 20
# Resident memory after everything that was sent to one server, large values given back.
RSS_LIMIT = 700 * MIB


def shared_server_cases():
    for name, data, expected, state in requests.TABLE:
        yield name, requests.table_case, data, expected, state
    yield 'nothing after a protocol error ran', requests.nothing_happened
    yield 'requests in pieces', requests.byte_by_byte
    yield 'damaged requests', requests.garbage
    for case in (connections.slow_loris, connections.announced_but_not_sent, connections.half_closed, connections.half_closed_while_blocked,
                 connections.never_reads, connections.subscriber_never_reads, connections.query_buffer_limit, connections.many_arguments,
                 connections.large_value):
        yield case.__name__.replace('_', ' '), case


def own_server_cases(binary):
    for case in (connections.idle_timeout, connections.idle_ten_thousand, connections.maxclients, connections.no_descriptors,
                 connections.low_limit_at_start):
        yield case.__name__.replace('_', ' '), case, binary
    yield from memory.cases(binary)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--server', default=os.path.join(HERE, '../../build/release/src/main/tusk-server'))
    parser.add_argument('--only', default='', help='cases whose name contains this')
    options = parser.parse_args()
    report = Report()
    server = Server(options.server).start()
    for name, function, *rest in shared_server_cases():
        if options.only not in name:
            continue
        report.run(name, function, server, *rest)
        if not server.alive() or not server.responsive():
            report.check(f'alive after "{name}"', False, server.log_tail())
            server.stop()
            server.start()
    report.check('memory bounded after all of it', server.rss_bytes() < RSS_LIMIT, f'RSS {server.rss_bytes() / MIB:.0f} MiB')
    server.__exit__()
    with Server(options.server, {'requirepass': 'secret'}) as locked:
        if options.only in 'limits before AUTH':
            report.run('limits before AUTH', requests.unauthenticated, locked)
    for name, function, *rest in own_server_cases(options.server):
        if options.only in name:
            report.run(name, function, *rest)
    report.finish()


if __name__ == '__main__':
    main()
