#!/usr/bin/python3
"""Whose connection is closed when users change: deleted users, and listeners who lost a channel; nobody else.

  tests/acl/closing.py [--server build/release/src/main/tusk-server]

Last line: `N passed, N failed`.
"""
import argparse
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..')]
from support import resp  # noqa: E402
from support.report import Report  # noqa: E402
from support.resp import Tagged, is_error  # noqa: E402
from support.servers import Server  # noqa: E402

OK = Tagged('+', b'OK')


class Cases:
    def __init__(self, server):
        self.server, self.admin = server, server.connect(timeout=5)

    def user(self, *rules):
        assert self.admin.call('ACL', 'SETUSER', 'bob', 'reset', 'on', 'nopass', *rules) == OK
        connection = self.server.connect(timeout=5)
        assert connection.call('AUTH', 'bob', 'any') == OK
        return connection

    def listener(self, verb, name, *rules):
        connection = self.user('+@all', *rules)
        assert connection.call(verb, name)[2] == 1
        return connection

    @staticmethod
    def assert_closed(connection):
        try:
            reply = connection.read()
        except (resp.Closed, OSError):
            return
        raise AssertionError(f'still open: {reply!r}')

    @staticmethod
    def assert_open(connection):
        reply = connection.call('PING')
        assert not is_error(reply), reply

    def deleted_users_are_closed(self):
        bob, other = self.user('+@all'), self.server.connect(timeout=5)
        assert self.admin.call('ACL', 'DELUSER', 'bob') == 1
        self.assert_closed(bob)
        self.assert_open(other)

    def who_deletes_himself_hears_of_it(self):
        bob = self.user('+@all')
        assert bob.call('ACL', 'DELUSER', 'bob') == 1
        self.assert_closed(bob)

    def a_blocked_client_of_a_deleted_user_is_closed(self):
        bob = self.user('+@all', '~*')
        bob.send('BLPOP', 'nobody:fills', '0')
        while b'cmd=blpop' not in self.admin.call('CLIENT', 'LIST'):
            time.sleep(0.01)
        assert self.admin.call('ACL', 'DELUSER', 'bob') == 1
        self.assert_closed(bob)

    def a_blocked_client_without_right_is_refused(self):
        bob = self.user('+@all', '~*')
        bob.send('BLPOP', 'filled', '0')
        while b'blocked_clients:0' in self.admin.call('INFO', 'clients'):
            time.sleep(0.01)
        assert self.admin.call('ACL', 'SETUSER', 'bob', 'resetkeys') == OK
        assert self.admin.call('RPUSH', 'filled', 'x') == 1
        assert bob.read() == Tagged('-', b'NOPERM No permissions to access a key')
        assert self.admin.call('LLEN', 'filled') == 1

    def listeners_who_lose_a_channel_are_closed(self):
        for verb, name, rule in (('SUBSCRIBE', 'news.1', '&news.*'), ('PSUBSCRIBE', 'news.*', '&news.*'), ('SSUBSCRIBE', 'a', '&a'),
                                 ('SUBSCRIBE', 'any', '&*')):
            bob = self.listener(verb, name, rule)
            assert self.admin.call('ACL', 'SETUSER', 'bob', 'resetchannels', '&other') == OK
            self.assert_closed(bob)

    def listeners_who_keep_theirs_stay(self):
        bob = self.listener('SUBSCRIBE', 'a', '&a', '&b')
        assert self.admin.call('ACL', 'SETUSER', 'bob', 'resetchannels', '&?', '(&b)') == OK
        self.assert_open(bob)
        assert self.admin.call('ACL', 'SETUSER', 'bob', 'allchannels') == OK
        self.assert_open(bob)

    def killing_by_user_asks_for_one_that_exists(self):
        bob = self.user('+@all')
        assert is_error(self.admin.call('CLIENT', 'KILL', 'USER', 'nobody'))
        assert self.admin.call('CLIENT', 'KILL', 'USER', 'bob') == 1
        self.assert_closed(bob)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--server', default='build/release/src/main/tusk-server')
    options = parser.parse_args()
    report = Report()
    with Server(options.server) as server:
        cases = Cases(server)
        for name in [name for name in vars(Cases) if not name.startswith(('_', 'assert')) and name not in ('user', 'listener')]:
            report.run(name.replace('_', ' '), getattr(cases, name))
    report.finish()


if __name__ == '__main__':
    main()
