#!/usr/bin/python3
"""What was written is there after a restart: every family of commands, every way to end, and redis-server at either end.

  tests/append_log/run.py [--server build/release/src/main/tusk-server] [--redis redis-server]

The dataset before and after is compared by DEBUG DIGEST and key by key. Last line: `N passed, N failed`.
"""
import argparse
import itertools
import os
import shutil
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
from support import resp  # noqa: E402
from support.report import Report  # noqa: E402
from support.servers import Server, StartError  # noqa: E402
from support.values import create, dataset, difference  # noqa: E402

LOG = {'appendonly': 'yes', 'appendfsync': 'always', 'auto-aof-rewrite-percentage': '0', 'enable-debug-command': 'yes'}
ROOM_SECONDS = 30
FAR = 4102444800  # A deadline in Unix seconds that no test lives to see.

# By family, commands whose records differ from what was typed, or that change something in a way of their own.
FAMILIES = {
    'strings': ['SET a 1', 'INCRBY a 5', 'INCRBYFLOAT f 1.5', 'APPEND s abc', 'SETRANGE s 10 x', 'GETSET a 7', 'SET e 1 EX 1000',
                'GETEX e EXAT %d' % FAR, 'SETEX g 1000 v', 'PSETEX h 1000000 v', 'MSET m1 1 m2 2', 'MSETNX m3 3 m4 4', 'GETDEL m1',
                'SET k v', 'SET k w KEEPTTL', 'SET z v PXAT %d000' % FAR, 'DECR a', 'SETNX n 1', 'LCS a k'],
    'bits': ['SETBIT b 77 1', 'BITFIELD b SET u8 0 200 INCRBY i5 100 1', 'BITOP NOT b2 b', 'PFADD p a b c', 'PFADD q d', 'PFMERGE r p q'],
    'lists': ['RPUSH l a b c d e f', 'LPUSH l x', 'LPOP l', 'RPOP l 2', 'LINSERT l BEFORE c y', 'LSET l 0 first', 'LREM l 1 y',
              'LTRIM l 0 3', 'LMOVE l l2 LEFT RIGHT', 'RPOPLPUSH l l2', 'LMPOP 1 l LEFT COUNT 1', 'BLPOP l2 1', 'RPUSH l3 3 1 2',
              'SORT l3 STORE l4', 'BLMOVE l4 l5 LEFT LEFT 1'],
    'sets': ['SADD s a b c d e f g', 'SPOP s', 'SPOP s 2', 'SREM s a', 'SADD t 1 2 3', 'SMOVE t s 2', 'SINTERSTORE i s t',
             'SUNIONSTORE u s t', 'SDIFFSTORE d s t', 'SPOP t 100'],
    'hashes': ['HSET h a 1 b 2 c 3', 'HINCRBY h a 5', 'HINCRBYFLOAT h b 0.25', 'HDEL h c', 'HSETNX h d 4', 'HMSET h e 5'],
    'sorted sets': ['ZADD z 1 a 2 b 3 c 4 d 5 e', 'ZINCRBY z 2.5 a', 'ZADD z GT INCR 10 b', 'ZPOPMIN z', 'ZPOPMAX z', 'ZREM z c',
                    'ZRANGESTORE y z 0 -1', 'ZUNIONSTORE x 2 y z WEIGHTS 2 3', 'ZMPOP 1 y MIN', 'BZPOPMIN x 1', 'ZREMRANGEBYRANK z 0 0',
                    'GEOADD geo 13.361389 38.115556 Palermo 15.087269 37.502669 Catania',
                    'GEOSEARCHSTORE near geo FROMLONLAT 15 37 BYRADIUS 200 km'],
    'streams': ['XADD st * a 1', 'XADD st 99999999999999-1 b 2', 'XADD st 99999999999999-* c 3', 'XGROUP CREATE st g 0', 'XREADGROUP GROUP g me COUNT 2 STREAMS st >',
                'XREADGROUP GROUP g you STREAMS st >', 'XACK st g 99999999999999-1', 'XGROUP CREATECONSUMER st g idle',
                'XADD st MAXLEN 3 * d 4', 'XTRIM st MAXLEN 2', 'XDEL st 99999999999999-1', 'XAUTOCLAIM st g other 0 0', 'XSETID st 999999999999999-9'],
    'keys': ['SET a 1', 'EXPIRE a 1000', 'PEXPIREAT a %d000' % FAR, 'SET b 1 EX 500', 'PERSIST b', 'RENAME b c', 'COPY c d', 'MOVE d 3',
             'SET dead 1 PX 1', 'SET u 1', 'UNLINK u', 'SWAPDB 3 4', 'EXPIRE c -1', 'RENAMENX a e'],
    'scripts': [('EVAL', "redis.call('SET', KEYS[1], redis.call('TIME')[1]); return redis.call('SPOP', KEYS[2])", '2', 'now', 'pool'),
                ('EVAL', "for i = 1, 5 do redis.call('RPUSH', KEYS[1], math.random(1000)) end", '1', 'random'),
                ('FUNCTION', 'LOAD', "#!lua name=lib\nredis.register_function('f', function(keys) return redis.call('INCR', keys[1]) end)"),
                ('FCALL', 'f', '1', 'counter')],
    'transactions': ['MULTI', 'SET a 1', 'RPUSH b 1 2 3', 'LPOP b', 'SELECT 5', 'SET c 1', 'EXEC', 'SELECT 0', 'MULTI', 'SET x 1', 'DISCARD'],
    'field deadlines': ['HSET h a 1 b 2 c 3', 'HEXPIRE h 1000 FIELDS 1 a', 'HPEXPIREAT h %d000 FIELDS 1 b' % FAR, 'HSET h d 4',
                        'HPEXPIRE h 1 FIELDS 1 d', 'HGETEX h EX 2000 FIELDS 1 c', 'HPERSIST h FIELDS 1 a', 'HSETEX h EX 100 FIELDS 1 z 9'],
    'after a flush': ['SET gone 1', 'FLUSHALL', 'SET left 1'],
}
UNKNOWN_TO_REDIS = {'field deadlines'}


def run_all(connection, commands):
    for command in commands:
        reply = connection.call(*(command if isinstance(command, tuple) else command.split(' ')))
        assert not resp.is_error(reply), f'{command}: {reply}'
    connection.call('SELECT', 0)


def digest(connection):
    return connection.call('DEBUG', 'DIGEST')


def files(server):
    return os.path.join(server.dir, 'appendonlydir')


def increment(server):
    """The path of the file that the log is written to."""
    with open(os.path.join(files(server), 'appendonly.aof.manifest'), encoding='ascii') as manifest:
        return os.path.join(files(server), manifest.readlines()[-1].split()[1])


def kill(server):
    server.process.kill()
    server.process.wait()


def restart_keeps(server, end, what):
    before = digest(server.connect())
    end(server)
    server.start()
    after = digest(server.connect())
    assert before == after, f'{what}: {before} became {after}'


def family(binary, commands):
    with Server(binary, LOG) as server:
        connection = server.connect()
        connection.call('SADD', 'pool', *'abcdefg')
        run_all(connection, commands)
        time.sleep(0.02)  # What expires within milliseconds has done so.
        run_all(connection, ['EXISTS dead'])
        restart_keeps(server, kill, 'after SIGKILL')
        rewrite(server.connect())
        restart_keeps(server, lambda it: it.stop(), 'after a rewrite and SIGTERM')


def rewrite(connection):
    reply = connection.call('BGREWRITEAOF')
    if resp.is_error(reply):
        assert b'already in progress' in reply[1], reply
        time.sleep(0.01)
        return rewrite(connection)
    for _ in range(500):
        info = connection.call('INFO', 'persistence')
        if b'aof_rewrite_in_progress:0' in info and b'aof_rewrite_scheduled:0' in info:
            assert b'aof_last_bgrewrite_status:ok' in info, info
            return None
        time.sleep(0.01)
    raise AssertionError('the rewrite does not end')


def fill(connection):
    names = []
    for name, command in dataset():
        reply = create(connection, name, command)
        assert not resp.is_error(reply), reply
        names.append(name)
    return names


def interop(writer, reader, after_rewrite, **settings):
    """What `writer` logged is loaded by `reader`."""
    with Server(writer, {**LOG, **settings}) as source, Server(reader, LOG) as target:
        connection = source.connect()
        names = fill(connection)
        for title, commands in FAMILIES.items():
            if title not in UNKNOWN_TO_REDIS | {'after a flush'}:
                run_all(connection, ['SELECT 9'])
                run_all(connection, ['FLUSHDB'])
                run_all(connection, commands)
        if after_rewrite:
            rewrite(connection)
            run_all(connection, ['SET later 1', 'INCR later'])
        time.sleep(0.05)
        connection.call('EXISTS', 'dead')
        target.stop()
        source_digest = digest(connection)
        shutil.rmtree(files(target))
        source.stop()
        shutil.copytree(files(source), files(target))
        source.start()
        target.start()
        again = source.connect()
        assert digest(again) == source_digest, 'its writer reads it differently'
        found = difference(again, target.connect(), names)
        assert not found, found
        assert target.connect().call('DBSIZE') == again.call('DBSIZE')


def starts_or_not(binary, options, damage, expected, log):
    with Server(binary, {**LOG, **options}) as server:
        connection = server.connect()
        run_all(connection, ['SET a 1', 'SET b 2', 'MULTI', 'SET c 3', 'SET d 4', 'EXEC'])
        path = increment(server)
        server.stop()
        with open(path, 'r+b') as file:
            damage(file)
        try:
            server.start()
        except StartError:
            assert expected is None, 'it did not start: ' + server.log_tail()
        else:
            assert expected is not None, 'it started'
            connection = server.connect()
            got = [connection.call('GET', name) for name in 'abcd']
            assert [None if resp.is_null(value) else value.decode() for value in got] == expected, got
            run_all(connection, ['SET e 5'])
            restart_keeps(server, kill, 'after the cut')
        assert log in server.log_tail(60), server.log_tail(60)


def cut(count):
    def damage(file):
        file.seek(0, os.SEEK_END)
        file.truncate(file.tell() - count)
    return damage


def zeros(file):
    file.seek(0, os.SEEK_END)
    file.write(bytes(5000))


def scratch(file):
    data = file.read()
    place = data.index(b'*3\r\n$3\r\nSET\r\n$1\r\nb')
    file.seek(place)
    file.write(b'!!!')


def recovery(binary, report):
    whole = ['1', '2', '3', '4']
    cases = [
        ('a torn EXEC takes its transaction with it', {}, cut(3), ['1', '2', None, None], 'Revert incomplete MULTI/EXEC'),
        ('a tail of zeros is cut', {}, zeros, whole, 'Truncating the AOF'),
        ('a torn tail is refused if it shall be', {'aof-load-truncated': 'no'}, cut(3), None, 'Unexpected end of file reading'),
        ('damage is refused with its place', {}, scratch, None, 'at offset'),
        ('annotations of time are read over', {'aof-timestamp-enabled': 'yes'}, cut(0), whole, 'DB loaded from append only file'),
    ]
    for name, options, damage, expected, log in cases:
        report.run(name, starts_or_not, binary, options, damage, expected, log)


def turned_on_at_run_time(binary):
    with Server(binary, {'enable-debug-command': 'yes'}) as server:
        connection = server.connect()
        run_all(connection, ['SET before 1', 'CONFIG SET appendonly yes', 'SET after 2'])
        rewrite(connection)
        run_all(connection, ['SET later 3', 'CONFIG SET appendonly no', 'SET lost 4'])
        server.stop()
        server.options['appendonly'] = 'yes'
        server.start()
        connection = server.connect()
        assert [connection.call('EXISTS', name) for name in ('before', 'after', 'later', 'lost')] == [1, 1, 1, 0]


def old_single_file(binary):
    with Server(binary, LOG) as server:
        server.stop()
        shutil.rmtree(files(server))
        with open(os.path.join(server.dir, 'appendonly.aof'), 'wb') as file:
            file.write(resp.encode([b'SELECT', b'0']) + resp.encode([b'SET', b'a', b'1']))
        server.start()
        assert server.connect().call('GET', 'a') == b'1'
        assert os.path.exists(os.path.join(files(server), 'appendonly.aof'))


def moves_from_rdb(binary):
    """`appendonly yes` beside an RDB file and without a log starts empty, as Redis does, and the server's log says so; turned on while the
    server runs, it takes the data along."""
    with Server(binary, {'enable-debug-command': 'yes'}) as server:
        run_all(server.connect(), ['SET a 1', 'SAVE'])
        server.stop()
        kept = os.path.join(server.dir, 'dump.rdb')
        with open(kept, 'rb') as file:
            saved = file.read()
        server.options['appendonly'] = 'yes'
        server.start()
        assert server.connect().call('DBSIZE') == 0
        assert 'dump.rdb is not loaded' in server.log_tail(100), server.log_tail(100)
        kill(server)
        with open(kept, 'rb') as file:
            assert file.read() == saved, 'the file is not what it was'
        shutil.rmtree(files(server))
        server.options['appendonly'] = 'no'
        server.start()
        connection = server.connect()
        assert connection.call('GET', 'a') == b'1'
        connection.call('CONFIG', 'SET', 'appendonly', 'yes')
        rewrite(connection)
        kill(server)
        server.options['appendonly'] = 'yes'
        server.start()
        assert server.connect().call('GET', 'a') == b'1'
        restart_keeps(server, kill, 'the log holds it')


def base_of_commands(binary):
    """aof-use-rdb-preamble no: the base is text, and says all that an RDB base would."""
    with Server(binary, {**LOG, 'aof-use-rdb-preamble': 'no'}) as server:
        connection = server.connect()
        fill(connection)
        run_all(connection, ['SELECT 9', *FAMILIES['field deadlines']])
        run_all(connection, [('FUNCTION', 'LOAD', "#!lua name=lib\nredis.register_function('f', function() return 7 end)")])
        run_all(connection, [('RPUSH', 'long', *(str(i) for i in range(1000)))])
        time.sleep(0.02)
        rewrite(connection)
        names = sorted(os.listdir(files(server)))
        assert any(name.endswith('.base.aof') for name in names), names
        base = next(name for name in names if '.base.' in name)
        with open(os.path.join(files(server), base), 'rb') as file:
            assert file.read(1) == b'*'
        restart_keeps(server, kill, 'a base of commands')
        assert server.connect().call('FCALL', 'f', 0) == 7


def replica_keeps_its_copy(binary):
    """A full copy leaves no records: the replica's log begins anew with it. And its disk counts for WAITAOF."""
    with Server(binary, LOG) as master, Server(binary, {**LOG, 'appendfsync': 'everysec'}) as replica:
        connection = master.connect()
        run_all(connection, ['SET a 1'])
        copy = replica.connect()
        run_all(copy, ['SET own 1', f'REPLICAOF 127.0.0.1 {master.port}'])
        assert connection.call('WAIT', 1, 20000) in (0, 1)
        run_all(connection, ['SET b 2'])
        reply = connection.call('WAITAOF', 1, 1, 20000)
        assert reply == [1, 1], reply
        assert connection.call('WAITAOF', 0, 2, 50) == [1, 1]
        run_all(copy, ['REPLICAOF NO ONE'])
        before = digest(copy)
        kill(replica)
        replica.start()
        copy = replica.connect()
        assert digest(copy) == before, 'its log tells of another dataset'
        assert [copy.call('EXISTS', name) for name in ('a', 'b', 'own')] == [1, 1, 0]


def off_and_on_again(binary):
    """`appendonly no` in the middle of a rewrite ends that one: the next one may begin."""
    with Server(binary, {**LOG, 'rdb-key-save-delay': '200'}) as server:
        connection = server.connect()
        run_all(connection, [('MSET', *(word for i in range(2000) for word in (f'k{i}', 'v')))])
        for _ in range(10):
            connection.call('BGREWRITEAOF')
            time.sleep(0.01)
            run_all(connection, ['CONFIG SET appendonly no', 'CONFIG SET appendonly yes'])
        run_all(connection, ['CONFIG SET rdb-key-save-delay 0'])
        rewrite(connection)
        run_all(connection, ['SET last 1'])
        restart_keeps(server, kill, 'after ten changes of mind')


def ends_in_room(path):
    room = b'#' + b' ' * 62 + b'\n'
    with open(path, 'rb') as file:
        return file.read().endswith(room)


def write_until_room_is_made(server):
    """Batches of many connections go into room made ahead once they have waited for one another often enough."""
    path, ended = increment(server), threading.Event()

    def write(number):
        connection = server.connect()
        for i in itertools.count():
            if ended.is_set():
                return connection.close()
            connection.call('RPUSH', f'list{number}', i)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + ROOM_SECONDS
    while not ends_in_room(path) and time.monotonic() < deadline:
        time.sleep(0.05)
    ended.set()
    for thread in threads:
        thread.join()
    assert ends_in_room(path), 'no room is made'


def room(binary, reader):
    """A killed process leaves its room in the log, one that ends does not; redis-server reads, and goes on, either way."""
    for end in (kill, lambda it: it.stop()):
        with Server(binary, LOG) as source, Server(reader, LOG) as target:
            write_until_room_is_made(source)
            before = digest(source.connect())
            names = [f'list{number}' for number in range(16)] + ['later']
            end(source)
            assert ends_in_room(increment(source)) == (end is kill)
            target.stop()
            shutil.rmtree(files(target))
            shutil.copytree(files(source), files(target))
            target.start()
            target.connect().call('SET', 'later', 1)
            source.start()
            assert digest(source.connect()) == before
            source.connect().call('SET', 'later', 1)
            found = difference(source.connect(), target.connect(), names)
            assert not found, found
            target.stop()
            source.stop()
            assert not ends_in_room(increment(source))
            shutil.rmtree(files(source))
            shutil.copytree(files(target), files(source))
            target.start()
            source.start()
            found = difference(source.connect(), target.connect(), names)
            assert not found, found


def waits(binary):
    with Server(binary, {**LOG, 'appendfsync': 'everysec'}) as server:
        connection = server.connect()
        run_all(connection, ['SET a 1'])
        assert connection.call('WAITAOF', 1, 0, 5000) == [1, 0]
        connection.call('CONFIG', 'SET', 'appendonly', 'no')
        reply = connection.call('WAITAOF', 1, 0, 0)
        assert resp.is_error(reply) and b'appendonly is disabled' in reply[1], reply


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--server', default=os.path.join(HERE, '../../build/release/src/main/tusk-server'))
    parser.add_argument('--redis', default='redis-server')
    options = parser.parse_args()
    report = Report()
    for title, commands in FAMILIES.items():
        report.run(title, family, options.server, commands)
    recovery(options.server, report)
    report.run('turned on at run time', turned_on_at_run_time, options.server)
    report.run('an old log of one file', old_single_file, options.server)
    report.run('an RDB file before the first log', moves_from_rdb, options.server)
    report.run('WAITAOF', waits, options.server)
    report.run('a base of commands', base_of_commands, options.server)
    report.run('a replica keeps its copy', replica_keeps_its_copy, options.server)
    report.run('off and on again within rewrites', off_and_on_again, options.server)
    if shutil.which(options.redis):
        for after_rewrite in (False, True):
            label = ' after a rewrite' if after_rewrite else ''
            report.run('to redis-server' + label, interop, options.server, options.redis, after_rewrite)
            report.run('from redis-server' + label, interop, options.redis, options.server, after_rewrite)
        report.run('to redis-server, a base of commands', interop, options.server, options.redis, True, **{'aof-use-rdb-preamble': 'no'})
        report.run('room made ahead, to redis-server and back', room, options.server, options.redis)
    report.finish()


if __name__ == '__main__':
    main()
