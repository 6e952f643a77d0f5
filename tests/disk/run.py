#!/usr/bin/python3
"""A server on a disk that is full, read-only, or somebody else's: it says so clearly, loses nothing, and recovers.

  tests/disk/run.py [--server build/release/src/main/tusk-server] [--only NAME]

The disk is a small tmpfs in a mount namespace of this test's own (as root, or in a user namespace), so nothing stays mounted. Runs
with redis-server, too. Last line: `N passed, N failed`. Exit status 77: no namespaces here.
"""
import argparse
import contextlib
import os
import pwd
import resource
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..'))
from support import resp  # noqa: E402
from support.report import Report  # noqa: E402
from support.servers import Server, StartError  # noqa: E402

SKIPPED_EXIT = 77
INSIDE = 'TUSK_DISK_TEST_INSIDE'
DISK_BYTES = 6 << 20
SECONDS = 15


@contextlib.contextmanager
def small_disk(size=DISK_BYTES):
    folder = tempfile.mkdtemp(prefix='tusk-disk-')
    subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={size},mode=0755', 'tmpfs', folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(['umount', '-l', folder], check=False)
        os.rmdir(folder)


class OnDisk(Server):
    """A server whose directory is `folder`; its log lies elsewhere."""

    def __init__(self, binary, folder, options=None, preexec=None):
        super().__init__(binary, options, preexec=preexec)
        self.folder = folder
        self.options.setdefault('dir', folder)

    def said(self, text, seconds=SECONDS):
        return eventually(lambda: text in self.log_tail(200), seconds)


def eventually(condition, seconds=SECONDS):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def fill(folder):
    """Takes all the room there is; returns the file to remove for more."""
    path = os.path.join(folder, 'ballast')
    with open(path, 'wb', buffering=0) as file:
        with contextlib.suppress(OSError):
            while True:
                if file.write(b'x' * 65536) < 65536:
                    break
        with contextlib.suppress(OSError):
            while file.write(b'x'):
                pass
    return path


def info(connection, field):
    for line in connection.call('INFO', 'persistence').decode().splitlines():
        if line.startswith(field + ':'):
            return line.split(':', 1)[1]
    return None


def ok(reply):
    assert reply == ('+', b'OK'), reply


def is_misconf(reply):
    return resp.is_error(reply) and reply[1].startswith(b'MISCONF')


def load(connection, count, size=1000):
    for start in range(0, count, 100):
        for i in range(start, min(start + 100, count)):
            ok(connection.call('SET', f'key:{i}', os.urandom(size // 2).hex()))


# ---- Snapshots ----

def snapshot_on_a_full_disk(binary):
    with small_disk() as folder, OnDisk(binary, folder, {'save': '3600 1000000'}) as server:
        connection = server.connect()
        load(connection, 100)
        ok(connection.call('SAVE'))
        before = open(os.path.join(folder, 'dump.rdb'), 'rb').read()
        load(connection, 1000)
        ballast = fill(folder)
        assert resp.is_error(connection.call('SAVE')), 'SAVE on a full disk'
        assert server.said('No space left on device'), server.log_tail()
        connection.call('BGSAVE')
        assert eventually(lambda: info(connection, 'rdb_last_bgsave_status') == 'err')
        assert open(os.path.join(folder, 'dump.rdb'), 'rb').read() == before, 'the old file has changed'
        assert sorted(os.listdir(folder)) == ['ballast', 'dump.rdb'], os.listdir(folder)
        reply = connection.call('SET', 'a', 'b')
        assert is_misconf(reply), f'stop-writes-on-bgsave-error: {reply}'
        assert connection.call('STRLEN', 'key:1') == 1000, 'reads go on'
        os.remove(ballast)
        connection.call('BGSAVE')
        assert eventually(lambda: info(connection, 'rdb_last_bgsave_status') == 'ok')
        ok(connection.call('SET', 'a', 'b'))


def snapshot_beyond_a_limit_of_file_size(binary):
    limit = 200 << 10
    def lower():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    with tempfile.TemporaryDirectory() as folder, OnDisk(binary, folder, preexec=lower) as server:
        connection = server.connect()
        load(connection, 500)
        assert resp.is_error(connection.call('SAVE'))
        assert server.said('File too large'), server.log_tail()
        assert os.listdir(folder) == []
        for i in range(500):
            connection.call('DEL', f'key:{i}')
        ok(connection.call('SAVE'))


def snapshot_on_a_read_only_disk(binary):
    with small_disk() as folder, OnDisk(binary, folder) as server:
        connection = server.connect()
        load(connection, 10)
        ok(connection.call('SAVE'))
        subprocess.run(['mount', '-o', 'remount,ro', folder], check=True)
        assert resp.is_error(connection.call('SAVE'))
        assert server.said('Read-only file system'), server.log_tail()
        subprocess.run(['mount', '-o', 'remount,rw', folder], check=True)
        ok(connection.call('SAVE'))


# ---- Starts that are refused ----

def refused(binary, folder, words, options=None, preexec=None):
    """The server ends by itself with status 1, and its last words hold each of `words`."""
    server = OnDisk(binary, folder, options, preexec=preexec)
    try:
        server.start()
    except StartError as error:
        text = str(error)
        assert 'ended with 1' in text, text
        for word in words:
            assert word in text, f'{word!r} is not in: {text}'
        return
    finally:
        server.stop()
        shutil.rmtree(server.dir, ignore_errors=True)
    raise AssertionError('it started')


def start_without_its_directory(binary):
    refused(binary, '/nowhere/at/all', ['No such file or directory'])


def start_with_a_damaged_snapshot(binary):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, 'dump.rdb'), 'wb') as file:
            file.write(b'REDIS0010\x00\x01k\x05ab')
        refused(binary, folder, [])


def nobody():
    entry = pwd.getpwnam('nobody')
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


class Foreign(OnDisk):
    """Runs as nobody; what it needs for itself it may write to."""

    def start(self):
        self.dir = self.dir or tempfile.mkdtemp(prefix='tusk-rig-')
        os.chmod(self.dir, 0o777)
        return super().start()


def start_with_a_snapshot_of_another_owner(binary):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path = os.path.join(folder, 'dump.rdb')
        with open(path, 'wb') as file:
            file.write(b'REDIS0010')
        os.chmod(path, 0o600)
        refused(binary, folder, ['Permission denied'], preexec=nobody)


def snapshot_in_a_directory_of_another_owner(binary):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        with Foreign(binary, folder, preexec=nobody) as server:
            connection = server.connect()
            load(connection, 10)
            assert resp.is_error(connection.call('SAVE'))
            assert server.said('Permission denied'), server.log_tail()
            os.chmod(folder, 0o777)
            ok(connection.call('SAVE'))


# ---- The append log ----

def log_options(policy):
    return {'appendonly': 'yes', 'appendfsync': policy}


def log_on_a_full_disk(binary):
    """everysec: writes are refused while there is no room, reads are not; room brings it back, and all acknowledged is there."""
    with small_disk() as folder, OnDisk(binary, folder, log_options('everysec')) as server:
        connection = server.connect()
        load(connection, 100)
        ballast = fill(folder)
        acknowledged = 0

        def write_until_refused():
            nonlocal acknowledged
            reply = connection.call('RPUSH', 'list', 'x' * 2000)
            if isinstance(reply, int):
                acknowledged = reply
            return is_misconf(reply)
        assert eventually(write_until_refused), 'writes go on though the log cannot'
        assert server.said('No space left on device') or server.said('Short write', 0.1), server.log_tail()
        assert info(connection, 'aof_last_write_status') == 'err'
        assert connection.call('STRLEN', 'key:1') == 1000
        os.remove(ballast)
        assert eventually(lambda: info(connection, 'aof_last_write_status') == 'ok')
        assert connection.call('RPUSH', 'list', 'y') == acknowledged + 1
        server.process.kill()
        server.process.wait()
        server.start()
        connection = server.connect()
        assert connection.call('LLEN', 'list') in (acknowledged, acknowledged + 1)


def log_that_is_synced_always_on_a_full_disk(binary):
    """always: what cannot be written is never acknowledged; the server ends, and knows all that it acknowledged when it comes back."""
    with small_disk() as folder, OnDisk(binary, folder, log_options('always')) as server:
        connection = server.connect()
        load(connection, 100)
        ballast = fill(folder)
        acknowledged = 0
        try:
            for _ in range(1000):
                reply = connection.call('RPUSH', 'list', 'x' * 2000)
                if is_misconf(reply):
                    break
                acknowledged = reply
            else:
                raise AssertionError('two megabytes went onto a full disk')
        except (resp.Closed, OSError):
            assert server.process.wait(SECONDS) != 0
            # redis-server says in other words that it could write a part.
            assert any(words in server.log_tail() for words in ('No space left on device', 'Short write')), server.log_tail()
        os.remove(ballast)
        if server.alive():
            server.process.kill()
            server.process.wait()
        server.start()
        connection = server.connect()
        found = connection.call('LLEN', 'list')
        assert acknowledged <= found <= acknowledged + 1, f'{acknowledged} were acknowledged, {found} are there'
        assert connection.call('STRLEN', 'key:99') == 1000


def rewrite_without_room(binary):
    """A rewrite that finds no room fails and leaves the log as it is; writes go on."""
    with small_disk() as folder, OnDisk(binary, folder, log_options('everysec')) as server:
        connection = server.connect()
        load(connection, 2000)
        ballast = os.path.join(folder, 'ballast')
        free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
        with open(ballast, 'wb') as file:
            file.write(b'x' * (free - (400 << 10)))
        connection.call('BGREWRITEAOF')
        assert eventually(lambda: info(connection, 'aof_last_bgrewrite_status') == 'err'), info(connection, 'aof_rewrite_in_progress')
        assert connection.call('INCR', 'n') == 1, 'a failed rewrite must not stop writes'
        os.remove(ballast)
        connection.call('BGREWRITEAOF')
        assert eventually(lambda: info(connection, 'aof_last_bgrewrite_status') == 'ok' and info(connection, 'aof_rewrite_in_progress') == '0')
        assert connection.call('INCR', 'n') == 2
        time.sleep(1.1)
        server.process.kill()
        server.process.wait()
        server.start()
        connection = server.connect()
        assert connection.call('GET', 'n') == b'2'
        assert connection.call('DBSIZE') == 2001


def log_in_a_directory_of_another_owner(binary):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        refused(binary, folder, ['Permission denied'], log_options('everysec'), nobody)


CASES = (snapshot_on_a_full_disk, snapshot_beyond_a_limit_of_file_size, snapshot_on_a_read_only_disk, start_without_its_directory,
         start_with_a_damaged_snapshot, log_on_a_full_disk, log_that_is_synced_always_on_a_full_disk, rewrite_without_room)
# To be somebody else one must be root in truth.
CASES_OF_ROOT = (start_with_a_snapshot_of_another_owner, snapshot_in_a_directory_of_another_owner, log_in_a_directory_of_another_owner)


def enter_namespace():
    """Comes back inside a mount namespace of its own, or leaves with 77."""
    if os.environ.get(INSIDE):
        return
    unshare = ['unshare', '-m'] if os.geteuid() == 0 else ['unshare', '-rm']
    works = subprocess.run([*unshare, 'sh', '-c', 'd=$(mktemp -d) && mount -t tmpfs tmpfs $d && umount $d && rmdir $d'],
                           capture_output=True, check=False)
    if works.returncode != 0:
        print('no mount namespaces here:', works.stderr.decode().strip())
        sys.exit(SKIPPED_EXIT)
    os.environ[INSIDE] = 'root' if os.geteuid() == 0 else 'mapped'
    os.execvp('unshare', [*unshare, sys.executable, *sys.argv])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--server', default=os.path.join(HERE, '../../build/release/src/main/tusk-server'))
    parser.add_argument('--only', default='', help='cases whose name holds this')
    options = parser.parse_args()
    enter_namespace()
    cases = CASES + (CASES_OF_ROOT if os.environ[INSIDE] == 'root' else ())
    report = Report()
    for case in cases:
        if options.only in case.__name__:
            report.run(case.__name__.replace('_', ' '), case, options.server)
    report.finish()


if __name__ == '__main__':
    main()
