#!/usr/bin/python3
"""Kills a server under load, again and again, and checks that it still knows what it acknowledged.

  tests/crash/run.py --kills 200 --policy always        every acknowledged write is there
  tests/crash/run.py --kills 50 --policy everysec       nothing that is missing was acknowledged more than two seconds before
  tests/crash/run.py --kills 50 --policy everysec --strict     no power fails, and nothing at all may be missing
  tests/crash/run.py --server redis-server ...          the same of redis-server
  tests/crash/run.py --server redis-server --appendonly no --expect-loss       the rig can fail

Each round: several connections write (laws.py), sometimes the log is rewritten or a snapshot taken meanwhile; at a random moment the
process gets SIGKILL; every second time the power fails as well, that is, the files lose what was not synced (disk.py, needs
--disk). Then the server starts again (sometimes it is killed while it does), and every law is looked at. Transactions must be whole or
absent, and the order per key kept, under either policy. The last line is `N passed, N failed`; a seed repeats the choices of a run, though not its timing.
"""
import argparse
import glob
import os
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.realpath(os.path.join(HERE, '..', '..'))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
from disk import Disk, ends_in_room  # noqa: E402
from laws import LAWS, Refused, Torn  # noqa: E402
from support import resp  # noqa: E402
from support.servers import Server  # noqa: E402

SKIPPED_EXIT = 77
EVERYSEC_SECONDS = 2.0
LOAD_SECONDS = {'always': (0.05, 0.8), 'everysec': (0.3, 4.5)}
RECOVERY_SECONDS = 0.2
ROUNDS_PER_DATASET = 20  # Then everything is deleted: reading it back takes longer and longer.
VIOLATIONS_SHOWN = 20


class Rig:
    def __init__(self, options):
        self.options = options
        self.dice = random.Random(options.seed)
        self.laws = []
        self.violations = []
        self.rows = {law.name: [0, 0, 0] for law in LAWS}  # Looks, acknowledged writes, violations.
        self.oldest_loss = 0.0
        self.restarts = []
        self.cut_bytes = []
        self.torn_writes = 0
        self.in_room = 0  # Kills that left room made ahead in the log (src/persist/log_room.h).
        self.rewrites = 0
        self.second_kills = 0

    def violate(self, law, text):
        self.violations.append(text)
        if law:
            self.rows[law.name][2] += 1
        if len(self.violations) <= VIOLATIONS_SHOWN:
            print('BROKEN', text, flush=True)

    # ---- Load ----

    def work(self, server, worker, seed):
        dice = random.Random(seed)
        try:
            connection = server.connect()
            while True:
                dice.choice(self.laws).act(connection, worker, dice, time.monotonic)
        except (OSError, resp.Closed):
            pass
        except Refused as refused:
            self.violate(None, f'an error under load: {refused}')

    def disturb(self, server, seed):
        """Rewrites and snapshots while writes go on; they may refuse, but not break anything."""
        dice = random.Random(seed)
        try:
            connection = server.connect()
            while True:
                time.sleep(dice.random() * 0.4)
                reply = connection.call(dice.choice(('BGREWRITEAOF', 'BGREWRITEAOF', 'BGSAVE')))
                self.rewrites += not resp.is_error(reply)
        except (OSError, resp.Closed):
            pass

    def load(self, server):
        threads = [threading.Thread(target=self.work, args=(server, i, self.dice.random())) for i in range(self.options.workers)]
        if self.dice.random() < self.options.rewrites:
            threads.append(threading.Thread(target=self.disturb, args=(server, self.dice.random())))
        for thread in threads:
            thread.start()
        time.sleep(self.dice.uniform(*LOAD_SECONDS[self.options.policy]))
        moment = time.monotonic()
        server.process.kill()
        server.process.wait()
        for thread in threads:
            thread.join()
        return moment

    # ---- Judgement ----

    def look(self, server, moment, what):
        """Compares the data with the laws; `moment` is that of the kill."""
        late = self.options.policy == 'everysec' and not self.options.strict
        until = moment - EVERYSEC_SECONDS if late else float('inf')
        connection = server.connect()
        for law in self.laws:
            for index, track in enumerate(law.tracks):
                row = self.rows[law.name]
                row[0] += 1
                row[1] += len(track.acks)
                try:
                    found = law.look(connection, index)
                except Torn as torn:
                    self.violate(law, f'{what}: {law.name}: torn: {torn}')
                    continue
                lost_since = track.first_lost(found)
                if lost_since is not None:
                    self.oldest_loss = max(self.oldest_loss, moment - lost_since)
                if found < track.required(until):
                    self.violate(law, f'{what}: {law.name}: {found} of {track.required(until)} acknowledged writes of track {index} '
                                 f'are there; the oldest lost one was answered {moment - lost_since:.3f} s before the kill')
                if found > track.sent:
                    self.violate(law, f'{what}: {law.name}: {found} writes of track {index}, but only {track.sent} were sent')
                track.settle(found)
        connection.close()

    def run(self):
        with tempfile.TemporaryDirectory(prefix='tusk-crash-') as folder:
            disk = Disk(self.options.disk, os.path.join(folder, 'ledger'), self.options.seed) if self.options.disk else None
            settings = {'appendonly': self.options.appendonly, 'appendfsync': self.options.policy, 'save': '',
                        **dict(pair.split('=', 1) for pair in self.options.set)}
            if disk:
                # Files are judged by their inode: the ledger lives longer than any of them.
                with open(disk.ledger, 'wb'):
                    pass
            server = Server(self.options.server, settings, port=self.options.port, env=disk.environment() if disk else None)
            try:
                server.start()
                for kill in range(1, self.options.kills + 1):
                    self.round(server, disk, kill)
                    if self.violations and self.options.expect_loss:
                        break
                server.stop()
            finally:
                server.stop()
                if self.violations and self.options.keep:
                    shutil.copytree(server.dir, self.options.keep, dirs_exist_ok=True)
                    print('the server\'s directory is kept in', self.options.keep)
                shutil.rmtree(server.dir, ignore_errors=True)

    def die_while_recovering(self, server, disk):
        """A start that does not live long: what it did to the files must not hurt the next one."""
        server.spawn()
        time.sleep(self.dice.random() * RECOVERY_SECONDS)
        server.process.kill()
        server.process.wait()
        self.second_kills += 1
        if disk:
            disk.fail(server.dir)

    def round(self, server, disk, kill):
        if kill % ROUNDS_PER_DATASET == 1 or self.violations:
            connection = server.connect()
            connection.call('FLUSHALL')
            self.laws = [law(self.options.workers) for law in LAWS if not law.needs or connection.call(law.needs, 'none')[0] != '-']
            connection.close()
        if disk:
            disk.take_writes()  # Of processes that were killed while the power was on.
        moment = self.load(server)
        power = disk is not None and kill % 2 == 0
        self.in_room += any(ends_in_room(path) for path in glob.glob(os.path.join(server.dir, 'appendonlydir', '*.incr.aof')))
        if power:
            self.cut_bytes.append(disk.fail(server.dir))
            self.torn_writes = disk.torn_writes
        while self.dice.random() < self.options.again:
            self.die_while_recovering(server, disk if power else None)
        begun = time.monotonic()
        server.start()
        self.restarts.append(time.monotonic() - begun)
        self.look(server, moment, f'kill {kill}' + (' with power failure' if power else ''))
        if kill % 10 == 0:
            print(f'{kill} kills, {sum(row[1] for row in self.rows.values())} acknowledged writes, '
                  f'{len(self.violations)} violations', flush=True)

    def report(self, seconds):
        print(f'\n{"law":26} {"looks":>8} {"acknowledged":>13} {"broken":>7}')
        for name, (looks, acks, broken) in self.rows.items():
            print(f'{name:26} {looks:8} {acks:13} {broken:7}')
        acks = sum(row[1] for row in self.rows.values())
        print(f'\npolicy {self.options.policy}, {len(self.restarts)} kills ({len(self.cut_bytes)} with power failure, which took '
              f'{sum(self.cut_bytes)} unsynced bytes) in {seconds:.0f} s, {self.second_kills} more during '
              f'recovery, {self.rewrites} rewrites and snapshots begun')
        print(f'{self.in_room} kills left room in the log; {self.torn_writes} batches on their way into it were torn by a power failure')
        print(f'{acks} acknowledged writes and reads; the oldest that was lost is from {self.oldest_loss * 1000:.0f} ms before its kill'
              if self.oldest_loss else f'{acks} acknowledged writes and reads, none lost')
        print(f'restart: median {statistics.median(self.restarts) * 1000:.0f} ms, longest {max(self.restarts) * 1000:.0f} ms; '
              f'seed {self.options.seed}')


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--server', default=os.path.join(ROOT, 'build/release/src/main/tusk-server'))
    parser.add_argument('--disk', help='libcrash_disk.so; without it no power fails')
    parser.add_argument('--kills', type=int, default=20)
    parser.add_argument('--policy', choices=list(LOAD_SECONDS), default='always')
    parser.add_argument('--strict', action='store_true', help='everysec: what was answered had been handed to the kernel')
    parser.add_argument('--appendonly', choices=['yes', 'no'], default='yes')
    parser.add_argument('--set', action='append', default=[], metavar='NAME=VALUE', help='a further setting of the server')
    parser.add_argument('--workers', type=int, default=8, help='connections that write')
    parser.add_argument('--rewrites', type=float, default=0.5, help='share of rounds with rewrites and snapshots')
    parser.add_argument('--again', type=float, default=0.25, help='share of restarts that are killed, too')
    parser.add_argument('--seed', type=int, default=random.randrange(1, 1_000_000))
    parser.add_argument('--port', type=int)
    parser.add_argument('--keep', help='copy the server\'s directory there when a law is broken')
    parser.add_argument('--expect-loss', action='store_true', help='succeed if something is lost: shows that the rig can fail')
    return parser.parse_args()


def main():
    options = arguments()
    if options.strict:
        options.disk = None
    if not shutil.which(options.server):
        print(f'no {options.server} here')
        sys.exit(SKIPPED_EXIT)
    print(f'seed {options.seed}', flush=True)
    rig = Rig(options)
    begun = time.monotonic()
    rig.run()
    rig.report(time.monotonic() - begun)
    broken = len(rig.violations)
    if options.expect_loss:
        print('1 passed, 0 failed' if broken else '0 passed, 1 failed')
        sys.exit(0 if broken else 1)
    print(f'{sum(row[0] for row in rig.rows.values()) - broken} passed, {broken} failed')
    sys.exit(1 if broken else 0)


if __name__ == '__main__':
    main()
