#!/usr/bin/python3
"""redis-py, unmodified, over every type and service. Usage: redis_py.py PORT"""
import os
import sys
import threading
import time

import redis

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
from support.report import Report  # noqa: E402


def strings(r):
    assert r.set('s', 'v', ex=100, nx=True) and r.get('s') == b'v' and 0 < r.ttl('s') <= 100
    assert r.set('s', 'w', get=True, keepttl=True) == b'v' and r.append('s', 'xyz') == 4 and r.getrange('s', 1, 2) == b'xy'
    assert r.incr('n', 5) == 5 and r.incrbyfloat('f', 1.5) == 1.5 and r.mset({'a': 1, 'b': 2}) and r.mget('a', 'b', 'none') == [b'1', b'2', None]
    assert r.setrange('s', 2, 'QQ') == 4 and r.getdel('s') == b'wxQQ' and r.strlen('s') == 0
    binary = bytes(range(256)) * 100
    assert r.set('bin', binary) and r.get('bin') == binary


def lists(r):
    assert r.rpush('l', *range(10)) == 10 and r.lrange('l', 0, 2) == [b'0', b'1', b'2'] and r.lpop('l', 2) == [b'0', b'1']
    assert r.lpos('l', '5') == 3 and r.linsert('l', 'BEFORE', '5', 'x') == 9 and r.lrem('l', 1, 'x') == 1 and r.lset('l', 0, 'two')
    assert r.lmove('l', 'm', 'LEFT', 'RIGHT') == b'two' and r.ltrim('l', 0, 3) and r.llen('l') == 4 and r.lindex('l', -1) == b'6'
    assert r.blpop(['none', 'm'], timeout=1) == (b'm', b'two') and r.lmpop(1, 'l', direction='RIGHT', count=2) == [b'l', [b'6', b'5']]


def hashes(r):
    assert r.hset('h', mapping={'a': 1, 'b': 'two'}) == 2 and r.hgetall('h') == {b'a': b'1', b'b': b'two'} and r.hincrby('h', 'a', 4) == 5
    assert r.hincrbyfloat('h', 'a', 0.5) == 5.5 and r.hmget('h', 'a', 'zz') == [b'5.5', None] and r.hdel('h', 'a') == 1 and r.hexists('h', 'b')
    assert r.hset('big', mapping={f'f{n}': n for n in range(1000)}) == 1000 and dict(r.hscan_iter('big', count=50)) == {b'f%d' % n: b'%d' % n for n in range(1000)}


def sets(r):
    assert r.sadd('t', 1, 2, 3) == 3 and r.sadd('u', 3, 4) == 2 and r.sinter('t', 'u') == {b'3'} and r.sunion('t', 'u') == {b'1', b'2', b'3', b'4'}
    assert r.sdiffstore('d', 't', 'u') == 2 and r.smembers('d') == {b'1', b'2'} and r.smismember('t', 1, 9) == [1, 0] and r.sintercard(2, ['t', 'u']) == 1
    assert r.spop('u', 5) and not r.exists('u') and r.srandmember('t') in {b'1', b'2', b'3'} and r.smove('t', 'd', 3)
    r.sadd('many', *range(5000))
    assert {int(m) for m in r.sscan_iter('many', count=100)} == set(range(5000))


def sorted_sets(r):
    assert r.zadd('z', {'a': 1, 'b': 2.5, 'c': 3}) == 3 and r.zrange('z', 0, -1, withscores=True) == [(b'a', 1.0), (b'b', 2.5), (b'c', 3.0)]
    assert r.zincrby('z', 10, 'a') == 11 and r.zrank('z', 'a') == 2 and r.zrangebyscore('z', '(2.5', '+inf') == [b'c', b'a'] and r.zscore('z', 'q') is None
    assert r.zadd('z', {'a': 5}, gt=True) == 0 and r.zmscore('z', ['a', 'b']) == [11.0, 2.5] and r.zpopmin('z') == [(b'b', 2.5)]
    assert r.zunionstore('zu', {'z': 2, 't2': 1}) == 2 and r.zcount('zu', 0, 7) == 1 and r.bzpopmax('zu', timeout=1) == (b'zu', b'a', 22.0)
    r.zadd('board', {f'p{n}': n for n in range(3000)})
    assert r.zrevrange('board', 0, 1) == [b'p2999', b'p2998'] and len(dict(r.zscan_iter('board'))) == 3000


def keys(r):
    r.set('k:1', 1)
    assert r.rename('k:1', 'k:2') and r.copy('k:2', 'k:3') and r.type('k:3') == b'string' and r.persist('k:3') is False and r.pexpire('k:3', 100000)
    assert r.expire('k:3', 1000, nx=True) is False and r.move('k:3', 2) and r.exists('k:2', 'k:3') == 1 and r.delete('k:2') == 1 and r.randomkey()
    r.rpush('nums', 3, 1, 2)
    assert r.sort('nums', desc=True) == [b'3', b'2', b'1'] and r.object('encoding', 'nums') in (b'quicklist', b'listpack')
    assert set(r.scan_iter('num*')) == {b'nums'} and r.touch('nums') == 1 and r.unlink('nums') == 1


def transactions(r):
    with r.pipeline() as pipe:
        assert pipe.set('x', 1).incr('x').get('x').execute() == [True, 2, b'2']
        try:
            pipe.set('x', 'text').incr('x').execute()
            raise AssertionError('an error inside EXEC went unnoticed')
        except redis.ResponseError:
            pass

    def add(pipe):
        value = int(pipe.get('sum') or 0)
        pipe.multi()
        pipe.set('sum', value + 1)

    def many():
        for _ in range(50):
            r.transaction(add, 'sum')
    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert r.get('sum') == b'200', r.get('sum')


def scripts(r):
    script = r.register_script('return {KEYS[1], ARGV[1], redis.call("incrby", KEYS[1], ARGV[1])}')
    assert script(keys=['sc'], args=[7]) == [b'sc', b'7', 7] and r.script_exists(script.sha) == [True] and r.script_flush()
    assert script(keys=['sc'], args=[1])[2] == 8
    try:
        r.eval('return redis.call("lpush", KEYS[1], 1)', 1, 'sc')
        raise AssertionError('no WRONGTYPE from a script')
    except redis.ResponseError as error:
        assert 'WRONGTYPE' in str(error), error


def locks(r):
    lock = r.lock('lock', timeout=10)
    assert lock.acquire(blocking=False) and not r.lock('lock').acquire(blocking=False) and lock.extend(5) and lock.owned()
    lock.release()
    assert not r.exists('lock')


def pubsub(r):
    sub = r.pubsub(ignore_subscribe_messages=True)
    sub.subscribe('ch')
    sub.psubscribe('p*')
    deadline = time.monotonic() + 10
    while r.pubsub_numsub('ch') != [(b'ch', 1)] or r.pubsub_numpat() != 1:
        assert time.monotonic() < deadline
    assert r.publish('ch', 'one') == 1 and r.publish('pat', 'two') == 1 and r.publish('nobody', 'x') == 0
    got = []
    while len(got) < 2 and time.monotonic() < deadline:
        message = sub.get_message(timeout=1)
        if message:
            got.append((message['type'], message['channel'], message['data']))
    assert got == [('message', b'ch', b'one'), ('pmessage', b'pat', b'two')], got
    sub.close()


def blocking(r):
    got = []
    waiter = threading.Thread(target=lambda: got.append(r.blmove('from', 'to', 10)))
    waiter.start()
    while r.info('clients')['blocked_clients'] == 0:
        time.sleep(0.01)
    r.rpush('from', 'item')
    waiter.join(10)
    assert got == [b'item'] and r.lrange('to', 0, -1) == [b'item']


def documents(r):
    j = r.json()
    value = {'name': 'Ada', 'n': 1, 'd': 2.5, 'list': [1, 'two', None, True], 'o': {'n': 10}}
    assert j.set('doc', '$', value) and j.get('doc') == value and j.get('doc', '$..n') == [1, 10] and j.get('none') is None
    assert j.set('doc', '$.new', [], xx=True) is None and j.set('doc', '$.new', [], nx=True) and j.arrappend('doc', '$.new', 1, 2, 3) == [3]
    assert j.arrindex('doc', '$.new', 2) == [1] and j.arrinsert('doc', '$.new', 0, 'x') == [4] and j.arrpop('doc', '$.new', 0) == ['"x"']
    assert j.arrtrim('doc', '$.new', 1, 1) == [1] and j.arrlen('doc', '$.new') == [1] and j.numincrby('doc', '$..n', 5) == [6, 15]
    assert j.nummultby('doc', '$.d', 2) == [5.0] and j.toggle('doc', '$.list[3]') == [0] and j.strappend('doc', ' L.', '$.name') == [6]
    assert j.strlen('doc', '$.name') == [6] and j.objkeys('doc', '$.o') == [[b'n']] and j.objlen('doc', '$') == [6] and j.type('doc', '$.d') == [b'number']
    assert j.mget(['doc', 'none'], '$.n') == [[6], None] and j.delete('doc', '$.list[0:2]') == 2 and j.clear('doc', '$.o') == 1
    assert j.get('doc') == {'name': 'Ada L.', 'n': 6, 'd': 5.0, 'list': [None, False], 'o': {}, 'new': [2]}
    assert r.type('doc') == b'ReJSON-RL' and r.copy('doc', 'doc2') and r.restore('doc3', 0, r.dump('doc2')) and j.get('doc3') == j.get('doc')
    assert j.debug('MEMORY', 'doc') > 0 and j.forget('doc') == 1 and not r.exists('doc')


def service(r):
    assert r.ping() and r.echo('x') == b'x' and r.client_setname('me') and r.client_getname() == 'me' and r.client_id() > 0
    assert any(client['name'] == 'me' for client in r.client_list()) and r.config_set('hz', 20) and r.config_get('hz') == {'hz': '20'}
    facts = r.info()
    assert facts['redis_version'] and facts['connected_clients'] >= 1 and facts['db0']['keys'] > 0 and r.dbsize() > 0
    assert r.time()[0] > 1e9 and r.slowlog_len() >= 0 and r.command_count() > 100 and r.memory_usage('board') > 1000 and r.role()[0] == b'master'
    assert r.flushdb() and r.dbsize() == 0


def main():
    report = Report()
    r = redis.Redis(port=int(sys.argv[1]))
    r.flushall()
    for case in (strings, lists, hashes, sets, sorted_sets, keys, transactions, scripts, locks, pubsub, blocking, documents, service):
        report.run(f'redis-py {redis.__version__}: {case.__name__.replace("_", " ")}', case, r)
    report.finish()


if __name__ == '__main__':
    main()
