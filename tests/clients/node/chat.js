// The chat of examples/chat, as people would run it: processes that are typed into. Usage: chat.js PORT
'use strict';
const { spawn } = require('node:child_process');
const path = require('node:path');
const Redis = require('ioredis');
const { Report, same } = require('./check');

const SECONDS = 30;
const port = process.argv[2];
const program = path.join(process.env.TUSK_ROOT, 'examples', 'chat', 'chat.js');

class Person {
  constructor(room, name) {
    // The example finds ioredis where this test has it.
    const env = { ...process.env, NODE_PATH: path.join(__dirname, 'node_modules') };
    this.process = spawn(process.execPath, [program, '--url', `redis://127.0.0.1:${port}`, '--room', room, '--name', name], { env });
    this.seen = '';
    this.process.stdout.on('data', (data) => { this.seen += data; });
    this.process.stderr.on('data', (data) => { this.seen += data; });
    this.ended = new Promise((resolve) => this.process.on('exit', resolve));
  }

  type(line) { this.process.stdin.write(line + '\n'); }
  lines() { return this.seen.split('\n').filter((line) => line); }

  async sees(line) {
    const deadline = Date.now() + SECONDS * 1000;
    while (!this.lines().includes(line)) {
      if (Date.now() > deadline) throw new Error(`no '${line}' in: ${this.seen}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async leave() {
    this.type('/quit');
    same(await this.ended, 0);
  }
}

async function main() {
  const report = new Report('chat');
  const redis = new Redis(Number(port));
  await redis.flushall();
  const alice = new Person('tea', 'alice'), bob = new Person('tea', 'bob'), carol = new Person('coffee', 'carol');
  await report.run('people enter rooms', async () => {
    await Promise.all([alice.sees('* alice entered'), bob.sees('* bob entered'), carol.sees('* carol entered')]);
    same((await redis.call('PUBSUB', 'SHARDCHANNELS', 'chat:*')).sort(), ['chat:{coffee}', 'chat:{tea}']);
    same(await redis.call('PUBSUB', 'SHARDNUMSUB', 'chat:{tea}'), ['chat:{tea}', 2]);
  });
  await report.run('what is said is heard in the room, by all and in order', async () => {
    for (let n = 0; n < 50; n += 1) alice.type(`line ${n}`);
    await bob.sees('<alice> line 49');
    bob.type('hello "alice" \u2615');
    await alice.sees('<bob> hello "alice" \u2615');
    const heard = bob.lines().filter((line) => line.startsWith('<alice> line'));
    same(heard, Array.from({ length: 50 }, (_, n) => `<alice> line ${n}`));
  });
  await report.run('and in no other', async () => {
    carol.type('anyone?');
    await carol.sees('<carol> anyone?');
    same(carol.lines().filter((line) => line.includes('alice')), []);
    same(alice.lines().filter((line) => line.includes('carol')), []);
  });
  await report.run('who comes late is shown the past', async () => {
    const dave = new Person('tea', 'dave');
    await dave.sees('* dave entered');
    same(dave.lines().filter((line) => line.startsWith('<')).slice(-2), ['<alice> line 49', '<bob> hello "alice" \u2615']);
    dave.type('/who');
    await dave.sees('* here: alice, bob, dave');
    await dave.leave();
    await alice.sees('* dave left');
  });
  await report.run('people leave', async () => {
    await Promise.all([alice.leave(), carol.leave()]);
    await bob.sees('* alice left');
    bob.type('/who');
    await bob.sees('* here: bob');
    await bob.leave();
    same(await redis.call('PUBSUB', 'SHARDCHANNELS'), []);
  });
  await redis.quit();
  report.finish();
  process.exit();  // Whoever did not leave goes with it.
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
