// The examples that ioredis publishes in its package's README, run as they stand; where a comment says `result === ...`, that is held to.
// Usage: ioredis_examples.js PORT
//
// Only the server under test is dialled: every `new Redis` of an example goes to its port, and examples about other servers, which name
// Sentinels, clusters, TLS or addresses, are left out by name below.
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const Redis = require('ioredis');
const { Report } = require('./check');

const port = Number(process.argv[2]);
const SECONDS = 20;
const LEFT_OUT = [
  [/Redis\.Cluster|cluster\./, 'needs a cluster'], [/sentinels|preferredSlaves/, 'needs Sentinels'], [/tls|rediss:/, 'needs TLS'],
  [/192\.168|authpassword|my-top-secret/, 'about addresses and passwords'], [/http\.createServer/, 'a web server without an end'],
  [/\(\/\* \.\.\. \*\/\)|\/\* \.\.\. \*\/\);/, 'not whole'], [/migrateKeyToMySQL/, 'not whole'], [/^function \(times\)/, 'not whole'],
  [/setArgumentTransformer\("hmset"/, 'about ioredis alone'],
];
// What an example's rejected promises may say: those that show errors.
const EXPECTED_ERRORS = /wrong number of arguments|EXECABORT|Connection is closed/;

function examples() {
  const readme = fs.readFileSync(path.join(path.dirname(require.resolve('ioredis/package.json')), 'README.md'), 'utf8');
  const found = [];
  let line = 1, block = null;
  for (const text of readme.split('\n')) {
    if (block === null && text === '```javascript') block = { line: line + 1, code: [] };
    else if (block !== null && text === '```') {
      found.push({ line: block.line, code: block.code.join('\n') });
      block = null;
    } else if (block !== null) block.code.push(text);
    line += 1;
  }
  return found;
}

// `// result === [...]` becomes an assertion, if what stands there is an expression.
function withPromises(code) {
  return code.replace(/\/\/ (result|results|length|result\[\d\](?:\[\d\])?) (?:===|equals to) (.+?);?$/gm, (whole, left, right) => {
    try {
      new Function(`return ${right}`);
    } catch {
      return whole;
    }
    return `promised(${left}, ${right}, ${JSON.stringify(whole)});`;
  });
}

// Those that wait for somebody else: what that one does.
const OTHERS = [
  [/xread\("block"/, async (helper, shown) => {
    await until(async () => (await helper.client('LIST')).includes('cmd=xread'), 'a blocked reader');
    const id = await helper.xadd('mystream', '*', 'name', 'John');
    await until(async () => shown().includes(`Id: ${id}`), 'the entry');
  }],
  [/setInterval/, async (helper, shown) => until(async () => shown().includes('Published'), 'a message')],
  [/console\.log\(`Received/, async (helper, shown) => {
    await until(async () => shown().includes('currently subscribed to 2 channels'), 'subscriptions');
    await helper.publish('my-channel-2', 'hello');
    await until(async () => shown().includes('Received hello from my-channel-2'), 'the message');
  }],
  [/scanStream\(\)/, async (helper, shown) => until(async () => shown().includes('all keys have been visited'), 'the end of the scan')],
];

async function until(condition, what) {
  const deadline = Date.now() + SECONDS * 1000;
  while (!await condition()) {
    if (Date.now() > deadline) throw new Error(`waited too long for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function run({ code }, helper) {
  const clients = [], timers = [], shown = [];
  let kept = 0;
  class Local extends Redis {
    constructor(...args) {
      const options = args.find((arg) => typeof arg === 'object' && arg !== null) || {};
      super({ ...options, host: '127.0.0.1', port });
      clients.push(this);
    }
  }
  const modules = (name) => (name === 'ioredis' ? Local : require(name));
  const console_ = { log: (...args) => shown.push(require('node:util').format(...args)) };
  console_.error = console_.log;
  const parameters = {
    require: modules, console: console_, setInterval: (...args) => timers.push(setInterval(...args)),
    promised: (left, right, text) => {
      kept += 1;
      assert.deepEqual(left, right, text);
    },
  };
  // Examples go on from earlier ones: what they do not make themselves is given.
  if (!/const Redis\b/.test(code)) parameters.Redis = Local;
  if (!/const redis\b/.test(code)) parameters.redis = new Local();
  const failures = [];
  const failed = (error) => { if (!EXPECTED_ERRORS.test(error.message)) failures.push(error); };
  process.on('unhandledRejection', failed);
  process.on('uncaughtException', failed);
  try {
    const body = withPromises(code).replace(/^async \(\) => \{([\s\S]*)\};?$/, '$1');
    const names = Object.keys(parameters);
    const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;
    await new AsyncFunction(...names, body)(...names.map((name) => parameters[name]));
    for (const [pattern, other] of OTHERS) if (pattern.test(code)) await other(helper, () => shown.join('\n'));
    // Commands of a connection are answered in order: behind this, all are.
    for (const client of clients) {
      if (client.options.enableOfflineQueue && client.mode !== 'subscriber' && !/xread\("block"/.test(code)) await client.ping().catch(failed);
    }
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  } finally {
    timers.forEach(clearInterval);
    clients.forEach((client) => client.disconnect());
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.off('unhandledRejection', failed);
    process.off('uncaughtException', failed);
  }
  if (failures.length) throw failures[0];
  return kept;
}

async function main() {
  const report = new Report('ioredis examples');
  const helper = new Redis(port);
  await helper.flushall();
  let promises = 0, left_out = 0;
  for (const example of examples()) {
    const reason = LEFT_OUT.find(([pattern]) => pattern.test(example.code));
    if (reason) {
      left_out += 1;
      continue;
    }
    const first = example.code.split('\n').find((line) => line && !line.startsWith('//')).slice(0, 60);
    await report.run(`README line ${example.line}: ${first}`, async () => { promises += await run(example, helper); });
  }
  await report.run('comments that promise a value were held to', async () => assert.ok(promises >= 10, `${promises}`));
  console.log(`  ioredis ${require('ioredis/package.json').version}: ${promises} promised values, ${left_out} examples left out`);
  await helper.quit();
  report.finish();
  process.exit();  // An example leaves its MONITOR open.
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
