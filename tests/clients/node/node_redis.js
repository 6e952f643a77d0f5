// node-redis over every type, in RESP2 as it comes. Usage: node_redis.js PORT
'use strict';
const { createClient } = require('redis');
const { Report, same } = require('./check');

async function main() {
  const url = `redis://127.0.0.1:${process.argv[2]}`;
  const client = createClient({ url });
  client.on('error', (error) => { console.log(`FAIL node-redis: ${error.message}`); process.exit(1); });
  await client.connect();
  const report = new Report('node-redis');
  await client.flushAll();
  await report.run('strings', async () => {
    same(await client.set('s', 'v', { EX: 100, NX: true }), 'OK');
    same(await client.get('s'), 'v');
    same(await client.get('none'), null);
    same(await client.incrBy('n', 5), 5);
    same(await client.mGet(['s', 'n', 'none']), ['v', '5', null]);
    same(await client.getEx('s', { PERSIST: true }), 'v');
    same(await client.ttl('s'), -1);
  });
  await report.run('lists', async () => {
    same(await client.rPush('l', ['a', 'b', 'c']), 3);
    same(await client.lRange('l', 0, -1), ['a', 'b', 'c']);
    same(await client.lPos('l', 'b'), 1);
    same(await client.blPop('l', 1), { key: 'l', element: 'a' });
    same(await client.lmPop('l', 'RIGHT', { COUNT: 2 }), ['l', ['c', 'b']]);
  });
  await report.run('hashes', async () => {
    same(await client.hSet('h', { a: '1', b: 'two' }), 2);
    same({ ...await client.hGetAll('h') }, { a: '1', b: 'two' });
    same(await client.hIncrByFloat('h', 'a', 0.5), '1.5');
  });
  await report.run('sets', async () => {
    same(await client.sAdd('t', ['a', 'b']), 2);
    same(await client.sIsMember('t', 'a'), true);
    same((await client.sUnion(['t', 'none'])).sort(), ['a', 'b']);
  });
  await report.run('sorted sets', async () => {
    same(await client.zAdd('z', [{ score: 1, value: 'a' }, { score: 2.5, value: 'b' }]), 2);
    same(await client.zRangeWithScores('z', 0, -1), [{ value: 'a', score: 1 }, { value: 'b', score: 2.5 }]);
    same(await client.zScore('z', 'b'), 2.5);
  });
  await report.run('transactions', async () => {
    same(await client.multi().set('x', '1').incr('x').exec(), ['OK', 2]);
    await client.watch('x');
    const other = client.duplicate();
    await other.connect();
    await other.set('x', 'changed');
    await other.quit();
    let conflict = '';
    await client.multi().set('x', 'mine').exec().catch((error) => { conflict = error.constructor.name; });
    same([conflict, await client.get('x')], ['WatchError', 'changed']);
  });
  await report.run('scripts', async () => {
    same(await client.eval('return {KEYS[1], ARGV[1], 3}', { keys: ['k'], arguments: ['v'] }), ['k', 'v', 3]);
    await client.eval('return redis.call("nosuch")').then(() => same('no error', ''), (error) => same(/Unknown Redis command/.test(error.message), true));
  });
  await report.run('documents', async () => {
    const value = { name: 'Ada', list: [1, 'two', null, true], o: { n: 10 }, n: 1 };
    same(await client.json.set('doc', '$', value), 'OK');
    same(await client.json.get('doc'), value);
    same(await client.json.get('doc', { path: '$..n' }), [1, 10]);
    same(await client.json.numIncrBy('doc', '$.n', 5), [6]);
    same(await client.json.arrAppend('doc', '$.list', 'x', { y: 1 }), [6]);
    same(await client.json.arrPop('doc', '$.list'), [{ y: 1 }]);
    same(await client.json.arrIndex('doc', '$.list', 'x'), [4]);
    same(await client.json.merge('doc', '$', { o: null, extra: { z: 1 } }), 'OK');
    same(await client.json.objKeys('doc', '$'), [['name', 'list', 'n', 'extra']]);
    same(await client.json.mGet(['doc', 'none'], '$.n'), [[6], null]);
    same(await client.json.type('doc', '$.extra'), ['object']);
    same(await client.json.del('doc', '$.extra'), 1);
    same(await client.json.get('doc'), { name: 'Ada', list: [1, 'two', null, true, 'x'], n: 6 });
  });
  await report.run('iteration', async () => {
    await Promise.all(Array.from({ length: 500 }, (_, n) => client.hSet('big', `f${n}`, String(n))));
    const found = [];
    for await (const { field } of client.hScanIterator('big')) found.push(field);
    same(new Set(found).size, 500);
  });
  await report.run('pub/sub', async () => {
    const subscriber = client.duplicate();
    await subscriber.connect();
    const got = [];
    await subscriber.subscribe('ch', (text) => got.push(text));
    await subscriber.pSubscribe('p*', (text) => got.push(text));
    same(await client.publish('ch', 'one'), 1);
    same(await client.publish('pat', 'two'), 1);
    for (let n = 0; n < 500 && got.length < 2; n += 1) await new Promise((done) => { setTimeout(done, 10); });
    same(got, ['one', 'two']);
    await subscriber.quit();
  });
  await report.run('service', async () => {
    same(await client.ping(), 'PONG');
    same(await client.clientSetName('node'), 'OK');
    same(/redis_version/.test(await client.info()), true);
    same((await client.configGet('databases')).databases, '16');
    same((await client.commandGetKeys(['MSET', 'a', '1', 'b', '2'])), ['a', 'b']);
  });
  report.finish();
  await client.quit();
}

main();
