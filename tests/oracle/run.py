#!/usr/bin/python3
"""Random commands to two servers, replies and datasets compared.

  tests/oracle/run.py [--server build/release/src/main/tusk-server] [--oracle redis-server] [--seeds 10] [--count 50000]
  tests/oracle/run.py --seed 7 --count 50000        one seed again, exactly

Every difference is printed with the commands that touched the keys involved, cut down by replaying. Differences with a reason
stand in allowed_differences.txt. Last line: `N passed, N failed` (replies compared, differences).
"""
import argparse
import os
import socket
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
import commands  # noqa: E402
import coverage  # noqa: E402
import from_docs  # noqa: E402
from compare import Allowed  # noqa: E402
from generator import Generator  # noqa: E402
from session import Closed, Difference, Session  # noqa: E402
from support.resp import show_command  # noqa: E402
from support.servers import Server, StartError  # noqa: E402

NOW = 1800000000  # a fixed base for deadlines, in the future of any run
SHRINK_SECONDS = 20
GONE = (Closed, OSError, socket.timeout)


class Run:
    def __init__(self, options):
        self.options = options
        self.allowed = Allowed(options.allowed)
        self.seen = {}
        self.failed = 0
        self.compared = 0
        settings = {'enable-debug-command': 'yes', 'databases': '16'}
        # The oracle prints doubles with 17 digits; texts made of them (by scripts, say) would differ ever after.
        # The self test puts other servers here, which do not know the setting.
        ours = {'classic-number-format': 'yes'} if os.path.basename(options.server) == 'tusk-server' else {}
        self.tusk = Server(options.server, {**settings, **ours})
        self.oracle = Server(options.oracle, settings)
        self.deadline = time.monotonic() + options.seconds if options.seconds else None

    def all(self):
        seeds = [self.options.seed] if self.options.seed is not None else range(self.options.first, self.options.first + self.options.seeds)
        with self.oracle, self.tusk:
            self.missing = self.commands_of(self.oracle) - self.commands_of(self.tusk)
            admin = self.oracle.connect()
            self.extra_rows = from_docs.rows(admin, self.missing, commands.row)
            if self.options.coverage:
                return 1 if coverage.report(admin, self.missing, self.extra_rows) else 0
            admin.close()
            for seed in seeds:
                self.one(seed)
                if self.deadline and time.monotonic() > self.deadline:
                    break
        for reason, times in sorted(self.allowed.used.items()):
            print(f'allowed {times} times: {reason}')
        if self.missing:
            print('left out, because the server has no such command:', *sorted(name.decode() for name in self.missing))
        print(f'{self.compared} passed, {self.failed} failed')
        return 1 if self.failed or not self.compared else 0

    @staticmethod
    def commands_of(server):
        """Names, subcommands included. What only the oracle has is left out of the run; command_table.py compares the tables."""
        connection = server.connect()
        names = connection.call('COMMAND', 'LIST')
        connection.close()
        return set(names)

    def one(self, seed):
        began, failed_before, steps = time.monotonic(), self.failed, 0
        session = Session(self.tusk, self.oracle, self.allowed)
        generator = Generator(seed, NOW, self.options.groups.split(',') if self.options.groups else (), self.missing, self.extra_rows)
        self.allowed.strict = {'@zero-sign'} if generator.packed else set()
        session.reset()
        for step in generator.steps(self.options.count):
            steps += 1
            try:
                session.feed(step)
                if steps % self.options.dump_every == 0:
                    session.compare_datasets()
            except Difference as difference:
                self.report(seed, session, difference)
                self.restart(session, generator)
            except GONE as error:
                self.gone(seed, session, error)
                self.restart(session, generator)
            if self.failed - failed_before >= self.options.max_failures or (self.deadline and time.monotonic() > self.deadline):
                break
        else:
            self.last_look(seed, session)
        self.compared += session.compared
        print(f'seed {seed}: {steps} commands, {self.failed - failed_before} differences, {time.monotonic() - began:.1f} s', flush=True)

    def last_look(self, seed, session):
        try:
            session.compare_datasets()
        except Difference as difference:
            self.report(seed, session, difference)
        except GONE as error:
            self.gone(seed, session, error)

    def restart(self, session, generator):
        """Back to an empty state on both sides; a server that is gone or hangs is started again."""
        if not self.tusk.alive() or not self.tusk.responsive():
            self.tusk.process.kill()
            self.tusk.process.wait()
            self.tusk.start()
        session.reset()
        for step in generator.opening():
            session.feed(step)

    def gone(self, seed, session, error):
        self.failed += 1
        recent = session.history[-60:]
        print(f'\nFAIL seed {seed}: the server under test went away or hung ({error!r}); last commands:')
        for step in recent:
            print(f'    {step.kind} {step.conn}> {show_command(step.args)[:300]}')
        print(self.tusk.log_tail(40), flush=True)

    def report(self, seed, session, difference):
        self.failed += 1
        times = self.seen.get(difference.signature, 0)
        self.seen[difference.signature] = times + 1
        if times:
            return
        command, _, replies = difference.text.rpartition(' => ')
        ours, _, theirs = replies.partition(' | ')
        print(f'\nFAIL seed {seed}: {command[:1000]}\n    server: {ours[:600]}\n    oracle: {theirs[:600]}')
        steps = self.relevant(session.history, difference)
        if not self.options.no_shrink:
            steps = self.shrink(steps, difference)
        for step in steps[-25:]:
            kind = '' if step.kind == 'cmd' else step.kind + ' '
            print(f'    {step.conn}> {kind}{show_command(step.args)[:300]}')
        sys.stdout.flush()

    @staticmethod
    def relevant(history, difference):
        """The steps since the last reset that name a key of the differing command, or change the setting."""
        everywhere = {b'FLUSHALL', b'FLUSHDB', b'SWAPDB', b'SELECT', b'HELLO', b'MULTI', b'EXEC', b'DISCARD', b'CONFIG'}
        keys = difference.keys
        if difference.text.startswith('MESSAGE'):
            everywhere = everywhere | {b'PSUBSCRIBE', b'SUBSCRIBE'}
        return [step for step in history if step.kind not in ('cmd', 'spop', 'xadd') or step is history[-1] or
                step.args[0].upper() in everywhere or any(arg in keys for arg in step.args[1:])]

    def shrink(self, steps, difference):
        """Removes chunks while the same difference still appears in a replay from empty servers."""
        session = Session(self.tusk, self.oracle, self.allowed)
        deadline = time.monotonic() + SHRINK_SECONDS

        def still(candidate):
            try:
                session.reset()
                for step in candidate:
                    session.feed(step)
                session.flush()
                session.compare_datasets()
            except Difference as found:
                return found.signature == difference.signature
            except GONE:
                return False
            return False

        if not still(steps):
            print('    (not reproduced by the commands that name its keys alone; the context is:)')
            return steps
        size = len(steps) // 2
        while size:
            at = 0
            while at < len(steps):
                if time.monotonic() > deadline:
                    return steps
                candidate = steps[:at] + steps[at + size:]
                if candidate and still(candidate):
                    steps = candidate
                else:
                    at += size
            size //= 2
        return steps


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--server', default=os.path.join(HERE, '../../build/release/src/main/tusk-server'))
    parser.add_argument('--oracle', default='redis-server')
    parser.add_argument('--seeds', type=int, default=10)
    parser.add_argument('--first', type=int, default=1, help='the first seed of --seeds')
    parser.add_argument('--seed', type=int)
    parser.add_argument('--count', type=int, default=50000)
    parser.add_argument('--seconds', type=float, help='stop after this long')
    parser.add_argument('--groups', default='', help='only these, such as strings,lists,transactions,scripts')
    parser.add_argument('--coverage', action='store_true', help='how often each command would be sent, and why others are not')
    parser.add_argument('--dump-every', type=int, default=1000)
    parser.add_argument('--max-failures', type=int, default=50, help='per seed')
    parser.add_argument('--no-shrink', action='store_true')
    parser.add_argument('--allowed', default=os.path.join(HERE, 'allowed_differences.txt'))
    options = parser.parse_args()
    try:
        sys.exit(Run(options).all())
    except StartError as error:
        print(error)
        print('0 passed, 1 failed')
        sys.exit(1)


if __name__ == '__main__':
    main()
