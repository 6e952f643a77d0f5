#!/usr/bin/python3
"""`tusk check`, `import` and `export` beside a real redis-server and tusk-server.

  tests/tool/run.py [--tusk build/release/src/tool/tusk] [--server build/release/src/main/tusk-server]

Every type and encoding goes each way that the tool knows, and must arrive as it was; wrong usage and damaged files must be told
clearly. Last line: `N passed, N failed`. Exit status 77: there is no redis-server here.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
from support import resp  # noqa: E402
from support.report import Report  # noqa: E402
from support.servers import Server  # noqa: E402
from support.values import create, dataset, difference  # noqa: E402

SKIPPED_EXIT = 77
LIBRARY = "#!lua name=lib\nredis.register_function('f', function() return 'from the library' end)"
GOOD, FAILED, USAGE = 0, 1, 2


class Tool:
    def __init__(self, path):
        self.path = path

    def run(self, *words):
        done = subprocess.run([self.path, *map(str, words)], capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    def expect(self, code, *words):
        got, out, err = self.run(*words)
        assert got == code, f'{words}: status {got} instead of {code}\n{out}{err}'
        return out + err


def url(server, rest=''):
    return f'redis://127.0.0.1:{server.port}{rest}'


def fill(server):
    connection = server.connect()
    names = []
    for name, command in dataset():
        reply = create(connection, name, command)
        assert not resp.is_error(reply), f'{command[0]}: {reply}'
        names.append(name)
    deadline = int(time.time() + 3600) * 1000
    for name in names[::3]:
        connection.call('PEXPIREAT', name, deadline)
    connection.call('FUNCTION', 'LOAD', LIBRARY)
    connection.call('SELECT', 3)
    connection.call('SET', 'elsewhere', 'third')
    connection.close()
    return names


def empty(server):
    connection = server.connect()
    connection.call('FLUSHALL')
    connection.call('FUNCTION', 'FLUSH')
    connection.close()


def same(source, target, names, exact_deadlines=True):
    there, here = source.connect(), target.connect()
    if exact_deadlines:
        found = difference(there, here, names)
        assert not found, found
    else:
        # By SCAN a deadline goes as "so long from now".
        for name in names:
            apart = abs(there.call('PTTL', name) - here.call('PTTL', name))
            assert apart < 5000, f'{name}: deadlines are {apart} ms apart'
    assert here.call('FCALL', 'f', 0) == b'from the library'
    for connection in (there, here):
        connection.call('SELECT', 3)
    assert here.call('GET', 'elsewhere') == b'third'


def transfers(tool, report, source, target, names, label):
    def move(words, exact=True):
        empty(target)
        out = tool.expect(GOOD, 'import', *words, '--to', url(target))
        assert f'{len(names) + 1} keys' in out and 'function librar' in out, out
        same(source, target, names, exact)

    connection = source.connect()
    assert connection.call('SAVE') == ('+', b'OK')
    dump = os.path.join(source.dir, 'dump.rdb')
    report.run(f'{label}: import a file', move, [dump])
    report.run(f'{label}: import by SYNC', move, [url(source), '--sync'])
    report.run(f'{label}: import by SCAN', move, [url(source), '--scan'], False)
    report.run(f'{label}: check of its file', lambda: tool.expect(GOOD, 'check', dump))


def into_directory(tool, source, binary, names, options):
    """A directory filled by the tool, and a server started on it."""
    with Server(binary, options) as started:
        tool.expect(GOOD, 'import', url(source), '--to', started.dir, '--replace')
        started.process.kill()
        started.process.wait()
        started.start()
        same(source, started, names)


def exports(tool, source, binary, names, way):
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, 'out.rdb')
        tool.expect(GOOD, 'export', url(source), file, way)
        assert 'whole' in tool.expect(GOOD, 'check', file)
        done = subprocess.run(['redis-check-rdb', file], capture_output=True, text=True, check=False)
        assert done.returncode == 0 and 'RDB looks OK' in done.stdout, done.stdout
        assert 'is there already' in tool.expect(FAILED, 'export', url(source), file)
        with Server(binary) as started:
            started.process.kill()
            started.process.wait()
            shutil.copy(file, os.path.join(started.dir, 'dump.rdb'))
            started.start()
            same(source, started, names, way == '--sync')


def keeps_what_is_there(tool, source, target):
    empty(target)
    connection = target.connect()
    connection.call('SET', 'list:small', 'mine')
    out = tool.expect(FAILED, 'import', url(source), '--to', url(target))
    assert '1 key was there already' in out and '--replace' in out, out
    assert connection.call('GET', 'list:small') == b'mine'
    tool.expect(GOOD, 'import', url(source), '--to', url(target), '--replace')
    assert connection.call('TYPE', 'list:small') == ('+', b'list')


def chooses_databases(tool, source, target):
    empty(target)
    out = tool.expect(GOOD, 'import', url(source, '/3'), '--to', url(target, '/5'))
    assert '1 key in' in out, out
    connection = target.connect()
    assert connection.call('DBSIZE') == 0
    connection.call('SELECT', 5)
    assert connection.call('GET', 'elsewhere') == b'third'


def logs_in(tool, binary):
    with Server(binary) as server:
        connection = server.connect()
        connection.call('SET', 'k', 'v')
        connection.call('CONFIG', 'SET', 'requirepass', 'p@ss:w/rd')
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, 'out.rdb')
            assert 'NOAUTH' in tool.expect(FAILED, 'export', url(server), file)
            assert not os.listdir(folder), 'a file that came to nothing is left behind'
            tool.expect(GOOD, 'export', f'redis://:p%40ss%3Aw%2Frd@127.0.0.1:{server.port}', file)
            out = tool.expect(FAILED, 'export', f'redis://:wrong@127.0.0.1:{server.port}', file, '--replace')
            assert 'AUTH' in out and 'wrong@' not in out, out


def logged(binary, options):
    """A server with an append log: what was there before a rewrite, and what came after."""
    server = Server(binary, {'appendonly': 'yes', 'appendfsync': 'always', **options}).start()
    names = fill(server)
    connection = server.connect()
    if not options:
        connection.call('BGREWRITEAOF')
        while b'aof_rewrite_in_progress:1' in connection.call('INFO', 'persistence'):
            time.sleep(0.05)
    for command in (['MULTI'], ['SET', 'later', '1'], ['INCR', 'later'], ['EXEC'], ['SELECT', '3'], ['SET', 'elsewhere', 'third'],
                    ['SELECT', '0'], ['RPUSH', 'list:late', 'a', 'b']):
        assert not resp.is_error(connection.call(*command)), command
    return server, [*names, 'later', 'list:late']


def damage(server, extra):
    """Kills the server and appends to the newest of its log's files; returns the log's directory and that file."""
    server.process.kill()
    server.process.wait()
    folder = os.path.join(server.dir, 'appendonlydir')
    newest = max((name for name in os.listdir(folder) if '.incr.' in name), key=lambda name: int(name.split('.')[2]))
    with open(os.path.join(folder, newest), 'ab') as file:
        file.write(extra)
    return folder, os.path.join(folder, newest)


def logs(tool, source_binary, target_binary, options):
    server, names = logged(source_binary, options)
    try:
        folder = os.path.join(server.dir, 'appendonlydir')
        assert 'the log is whole' in tool.expect(GOOD, 'check', folder)
        assert 'the log is whole' in tool.expect(GOOD, 'check', server.dir)
        with Server(target_binary) as target:
            tool.expect(GOOD, 'import', folder, '--to', url(target))
            same(server, target, names)
            assert 'holds keys' in tool.expect(FAILED, 'import', folder, '--to', url(target))
            assert 'database' in tool.expect(FAILED, 'import', folder, '--to', url(target, '/1'))
    finally:
        server.stop()
        shutil.rmtree(server.dir, ignore_errors=True)


def repairs(tool, source_binary, target_binary):
    """A torn tail and a damaged end: told, repaired, and what is left loads, in the server that wrote it and elsewhere."""
    for extra, word in ((b'*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nab', 'TORN'), (b'*1\r\n$5\r\nMULTI\r\n*2\r\n$4\r\nINCR\r\n$5\r\nlater\r\n', 'TORN'),
                        (b'rubbish\r\n' * 3, 'DAMAGED')):
        server, names = logged(source_binary, {})
        try:
            folder, newest = damage(server, extra)
            size = os.path.getsize(newest)
            out = tool.expect(FAILED, 'check', folder)
            assert word in out and newest in out and f'byte {size - len(extra)}' in out, out
            with Server(target_binary) as target:
                # As at the start of a server: a torn tail is left out, damage is refused.
                out = tool.expect(GOOD if word == 'TORN' else FAILED, 'import', folder, '--to', url(target))
                assert ('are left out' if word == 'TORN' else 'is damaged') in out, out
                if word == 'TORN':
                    assert target.connect().call('GET', 'later') == b'2'
            out = tool.expect(GOOD, 'check', '--fix', folder)
            assert f'{len(extra)} bytes were cut' in out, out
            assert os.path.getsize(newest + '.damaged') == size
            tool.expect(GOOD, 'check', folder)
            manifest = os.path.join(folder, next(name for name in os.listdir(folder) if name.endswith('.manifest')))
            done = subprocess.run(['redis-check-aof', manifest], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout
            server.start()
            with Server(target_binary) as target:
                tool.expect(GOOD, 'import', folder, '--to', url(target))
                same(server, target, names)
        finally:
            server.stop()
            shutil.rmtree(server.dir, ignore_errors=True)


def copies_a_log(tool, source_binary, target_binary):
    server, names = logged(source_binary, {})
    try:
        target = Server(target_binary, {'appendonly': 'yes'})
        target.dir = tempfile.mkdtemp(prefix='tusk-rig-')
        out = tool.expect(GOOD, 'import', os.path.join(server.dir, 'appendonlydir'), '--to', target.dir)
        assert 'appendonly yes' in out, out
        assert 'is there already' in tool.expect(FAILED, 'import', os.path.join(server.dir, 'appendonlydir'), '--to', target.dir)
        with target:
            same(server, target, names)
    finally:
        server.stop()
        shutil.rmtree(server.dir, ignore_errors=True)


def tells_what_is_wrong(tool, folder):
    rdb = os.path.join(folder, 'broken.rdb')
    with open(rdb, 'wb') as file:
        file.write(b'REDIS0010\x00\x01k\x05ab')
    out = tool.expect(FAILED, 'check', rdb)
    assert 'DAMAGED' in out and 'at byte' in out and rdb in out, out
    assert 'cannot be repaired' in tool.expect(FAILED, 'check', rdb, '--fix')
    hollow = os.path.join(folder, 'hollow.rdb')
    with open(hollow, 'wb'):
        pass
    assert 'empty' in tool.expect(FAILED, 'check', hollow)
    assert 'neither an RDB file nor an append file' in tool.expect(FAILED, 'check', __file__)
    assert 'No such file' in tool.expect(FAILED, 'check', '/nowhere')
    assert 'there is neither' in tool.expect(FAILED, 'check', tempfile.mkdtemp(dir=folder))
    assert 'refused' in tool.expect(FAILED, 'import', rdb, '--to', 'redis://127.0.0.1:1')
    assert 'No such file' in tool.expect(FAILED, 'import', '/nowhere.rdb', '--to', folder)
    assert 'No such file' in tool.expect(FAILED, 'import', rdb, '--to', '/nowhere/at/all')
    out = tool.expect(FAILED, 'import', rdb, '--to', folder)
    assert 'unexpected end' in out, out
    assert not os.path.exists(os.path.join(folder, 'dump.rdb')), 'half a dataset was left as a whole one'
    for words in ([], ['frobnicate'], ['check'], ['import', rdb], ['import', '--to'], ['import', '--to', folder], ['check', '--fox', rdb],
                  ['export', rdb, rdb], ['export', 'redis://x']):
        out = tool.expect(USAGE, *words)
        assert '--help' in out or 'Usage' in out, out
    for address in ('http://x', 'redis://', 'redis://h:99999', 'redis://h/x', 'redis://:%zz@h', 'rediss://h', 'unix://'):
        assert 'no server address' in tool.expect(FAILED, 'import', address, '--to', folder), address
    for words in (['--help'], ['check', '--help'], ['import', '-h'], ['export', '--help']):
        assert 'tusk' in tool.expect(GOOD, *words)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    build = os.path.join(HERE, '../../build/release/src')
    parser.add_argument('--server', default=os.path.join(build, 'main/tusk-server'))
    parser.add_argument('--tusk', default=os.path.join(build, 'tool/tusk'))
    parser.add_argument('--redis', default='redis-server')
    return parser.parse_args()


def main():
    options = arguments()
    if not shutil.which(options.redis):
        print('no redis-server here')
        sys.exit(SKIPPED_EXIT)
    report, tool = Report(), Tool(options.tusk)
    with Server(options.redis) as redis, Server(options.server) as tusk:
        names = fill(redis)
        transfers(tool, report, redis, tusk, names, 'redis to tusk')
        report.run('keys that are there stay', keeps_what_is_there, tool, redis, tusk)
        report.run('databases by address', chooses_databases, tool, redis, tusk)
        report.run('redis to a directory of tusk', into_directory, tool, redis, options.server, names, {})
        for way in ('--sync', '--scan'):
            report.run(f'export of redis {way}', exports, tool, redis, options.server, names, way)
        empty(tusk)
        names = fill(tusk)
        transfers(tool, report, tusk, redis, names, 'tusk to redis')
        for way in ('--sync', '--scan'):
            report.run(f'export of tusk {way}', exports, tool, tusk, options.redis, names, way)
    for label, options_of_log in (('with an RDB base', {}), ('of commands only', {'aof-use-rdb-preamble': 'no'})):
        report.run(f'a log of redis {label} to tusk', logs, tool, options.redis, options.server, options_of_log)
        report.run(f'a log of tusk {label} to redis', logs, tool, options.server, options.redis, options_of_log)
    for here, there in ((options.redis, options.server), (options.server, options.redis)):
        pair = f'{os.path.basename(here)}, {os.path.basename(there)}'
        report.run(f'broken logs: {pair}', repairs, tool, here, there)
        report.run(f'a copy of a log: {pair}', copies_a_log, tool, here, there)
    report.run('passwords', logs_in, tool, options.server)
    with tempfile.TemporaryDirectory() as folder:
        report.run('complaints', tells_what_is_wrong, tool, folder)
    report.finish()


if __name__ == '__main__':
    main()
