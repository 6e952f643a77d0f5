// ioredis over every type, with automatic pipelining, transactions, scripts, streams of keys and pub/sub. Usage: ioredis.js PORT
'use strict';
const Redis = require('ioredis');
const { Report, same } = require('./check');

async function main() {
  const port = Number(process.argv[2]);
  const redis = new Redis({ port, maxRetriesPerRequest: 1 });
  const report = new Report('ioredis');
  await redis.flushall();
  await report.run('strings', async () => {
    same(await redis.set('s', 'v', 'EX', 100, 'NX'), 'OK');
    same(await redis.set('s', 'w', 'NX'), null);
    same(await redis.append('s', 'xyz'), 4);
    same(await redis.getrange('s', 1, 2), 'xy');
    same(await redis.incrbyfloat('f', 1.5), '1.5');
    same(await redis.mset({ a: 1, b: 2 }), 'OK');
    same(await redis.mget('a', 'b', 'none'), ['1', '2', null]);
    const binary = Buffer.from(Array.from({ length: 70000 }, (_, n) => n & 255));
    await redis.set('bin', binary);
    same((await redis.getBuffer('bin')).equals(binary), true);
  });
  await report.run('lists', async () => {
    same(await redis.rpush('l', 1, 2, 3), 3);
    same(await redis.lrange('l', 0, -1), ['1', '2', '3']);
    same(await redis.lmove('l', 'm', 'LEFT', 'RIGHT'), '1');
    same(await redis.blpop('none', 'm', 1), ['m', '1']);
    same(await redis.lpop('l', 5), ['2', '3']);
  });
  await report.run('documents', async () => {
    same(await redis.call('JSON.SET', 'doc', '$', JSON.stringify({ a: [1, 2], b: 'x' })), 'OK');
    same(JSON.parse(await redis.call('JSON.GET', 'doc', '$.a[*]')), [1, 2]);
    same(await redis.call('JSON.ARRAPPEND', 'doc', '$.a', '3'), [3]);
    same(await redis.call('JSON.MGET', 'doc', 'none', '$.b'), ['["x"]', null]);
  });
  await report.run('hashes', async () => {
    same(await redis.hset('h', { a: 1, b: 'two' }), 2);
    same(await redis.hgetall('h'), { a: '1', b: 'two' });
    same(await redis.hincrby('h', 'a', 4), 5);
    same(await redis.hmget('h', 'a', 'zz'), ['5', null]);
  });
  await report.run('sets', async () => {
    same(await redis.sadd('t', 'a', 'b', 'c'), 3);
    same((await redis.smembers('t')).sort(), ['a', 'b', 'c']);
    same(await redis.smismember('t', 'a', 'x'), [1, 0]);
    same(await redis.sinterstore('u', 't', 't'), 3);
  });
  await report.run('sorted sets', async () => {
    same(await redis.zadd('z', 1, 'a', 2.5, 'b'), 2);
    same(await redis.zrange('z', 0, -1, 'WITHSCORES'), ['a', '1', 'b', '2.5']);
    same(await redis.zrank('z', 'b'), 1);
    same(await redis.zpopmax('z'), ['b', '2.5']);
  });
  await report.run('transactions', async () => {
    same(await redis.multi().set('x', 1).incr('x').get('x').exec(), [[null, 'OK'], [null, 2], [null, '2']]);
    const [[, ok], [error]] = await redis.multi().set('x', 'text').incr('x').exec();
    same([ok, error.message], ['OK', 'ERR value is not an integer or out of range']);
  });
  await report.run('10,000 commands in flight', async () => {
    const sums = await Promise.all(Array.from({ length: 10000 }, () => redis.incr('flight')));
    same(sums, Array.from({ length: 10000 }, (_, n) => n + 1));
  });
  await report.run('scripts', async () => {
    redis.defineCommand('twice', { numberOfKeys: 1, lua: 'return {KEYS[1], tonumber(ARGV[1]) * 2}' });
    same(await redis.twice('k', 21), ['k', 42]);
    await redis.script('FLUSH');
    same(await redis.twice('k', 4), ['k', 8]);
  });
  await report.run('scan stream', async () => {
    const pipeline = redis.pipeline();
    for (let n = 0; n < 2000; n += 1) pipeline.set(`scan:${n}`, n);
    await pipeline.exec();
    const found = new Set();
    for await (const keys of redis.scanStream({ match: 'scan:*', count: 100 })) keys.forEach((key) => found.add(key));
    same(found.size, 2000);
  });
  await report.run('pub/sub', async () => {
    const subscriber = new Redis({ port });
    const got = [];
    subscriber.on('message', (channel, text) => got.push([channel, text]));
    subscriber.on('pmessage', (pattern, channel, text) => got.push([pattern, channel, text]));
    await subscriber.subscribe('ch');
    await subscriber.psubscribe('p*');
    same(await redis.publish('ch', 'one'), 1);
    same(await redis.publish('pat', 'two'), 1);
    for (let n = 0; n < 500 && got.length < 2; n += 1) await new Promise((done) => { setTimeout(done, 10); });
    same(got, [['ch', 'one'], ['p*', 'pat', 'two']]);
    subscriber.disconnect();
  });
  report.finish();
  redis.disconnect();
}

main();
