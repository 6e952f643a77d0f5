// BullMQ, unmodified, at default settings: 2,000 jobs with priorities, delays, failures and retries, a repeated job and a flow.
// Usage: queue.js PORT
'use strict';
const { Queue, Worker, QueueEvents, FlowProducer } = require('bullmq');
const { Report, same } = require('./check');

const PLAIN = 1000, PRIORITY = 400, DELAYED = 200, FAILED = 100, RETRIED = 200, FLOW_CHILDREN = 99;
const SECONDS = 200;
const connection = { host: '127.0.0.1', port: Number(process.argv[2]) };

const runs = new Map();      // Name of a job -> how often it ran.
const order = [];            // Priorities in the order in which their jobs ran.
const early = [];
let ticks = 0;

async function process_(job) {
  runs.set(job.name, (runs.get(job.name) || 0) + 1);
  if (job.data.kind === 'tick') { ticks += 1; return ticks; }
  if (job.data.kind === 'priority') order.push(job.opts.priority);
  if (job.data.kind === 'delayed' && Date.now() < job.data.due) early.push(job.name);
  if (job.data.kind === 'failed') throw new Error(`${job.name} fails`);
  if (job.data.kind === 'retried' && job.attemptsMade < job.data.failures) throw new Error('not yet');
  if (job.data.kind === 'parent') {
    const values = Object.values(await job.getChildrenValues());
    return values.reduce((sum, value) => sum + value, 0);
  }
  return job.data.n * job.data.n;
}

function jobs(kind, count, more = () => ({})) {
  return Array.from({ length: count }, (_, n) => {
    const { data = {}, opts = {} } = more(n);
    return { name: `${kind}:${n}`, data: { kind, n, ...data }, opts };
  });
}

async function until(condition, what) {
  const deadline = Date.now() + SECONDS * 1000;
  while (!await condition()) {
    if (Date.now() > deadline) throw new Error(`waited too long for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function main() {
  const report = new Report('bullmq');
  const queue = new Queue('work', { connection });
  const flows = new FlowProducer({ connection });
  const events = new QueueEvents('work', { connection });
  await events.waitUntilReady();
  let completedEvents = 0, failedEvents = 0;
  events.on('completed', () => { completedEvents += 1; });
  events.on('failed', () => { failedEvents += 1; });
  const began = Date.now();

  // With nobody at work yet, so that priorities decide.
  const prioritised = jobs('priority', PRIORITY, (n) => ({ opts: { priority: 1 + (n * 7) % 20 } }));
  await queue.addBulk(prioritised);
  const first = new Worker('work', process_, { connection });
  await report.run('400 jobs in the order of their priorities', async () => {
    await until(() => order.length === PRIORITY, 'priorities');
    same(order, [...order].sort((a, b) => a - b));
  });

  const second = new Worker('work', process_, { connection, concurrency: 10 });
  await queue.upsertJobScheduler('every', { every: 200 }, { name: 'tick', data: { kind: 'tick' } });
  const sent = [
    ...jobs('plain', PLAIN),
    ...jobs('delayed', DELAYED, (n) => ({ data: { due: Date.now() + 500 + 10 * n }, opts: { delay: 500 + 10 * n } })),
    ...jobs('failed', FAILED),
    ...jobs('retried', RETRIED, (n) => ({ data: { failures: n % 3 }, opts: { attempts: 3, backoff: { type: 'fixed', delay: 100 } } })),
  ];
  await queue.addBulk(sent);
  const flow = await flows.add({
    name: 'parent', queueName: 'work', data: { kind: 'parent' },
    children: jobs('child', FLOW_CHILDREN).map((job) => ({ ...job, queueName: 'work' })),
  });
  const expected = new Map([...prioritised, ...sent].map((job) => [job.name, job.data.failures !== undefined ? job.data.failures + 1 : 1]));
  for (let n = 0; n < FLOW_CHILDREN; n += 1) expected.set(`child:${n}`, 1);
  expected.set('parent', 1);

  await report.run(`${expected.size} jobs, each as often as it had to run`, async () => {
    await until(async () => await queue.getFailedCount() === FAILED && await flow.job.getState() === 'completed' &&
                [...expected].every(([name, times]) => runs.get(name) === times), 'all jobs');
    runs.delete('tick');
    same([...runs].filter(([name, times]) => expected.get(name) !== times), []);
    same(expected.size, 2000);
  });
  await report.run('delayed jobs are never early', async () => same(early, []));
  await report.run('a flow adds up its children', async () => {
    const parent = await queue.getJob(flow.job.id);
    same(parent.returnvalue, Array.from({ length: FLOW_CHILDREN }, (_, n) => n * n).reduce((a, b) => a + b, 0));
  });
  await report.run('a failed job keeps its reason', async () => {
    const [job] = await queue.getFailed(0, 0);
    same(job.failedReason, `${job.name} fails`);
  });
  await report.run('a repeated job comes again and again', async () => {
    await until(() => ticks >= 5, 'repeats');
    same(await queue.removeJobScheduler('every'), true);
  });
  await report.run('events of the stream arrive', async () => {
    await until(() => failedEvents >= FAILED && completedEvents >= expected.size - FAILED, 'events');
  });
  await report.run('nothing is left to do', async () => {
    await until(async () => (await queue.getJobCounts('active')).active === 0, 'active jobs');
    const counts = await queue.getJobCounts('wait', 'prioritized', 'delayed', 'waiting-children', 'active');
    same(counts, { wait: 0, prioritized: 0, delayed: 0, 'waiting-children': 0, active: 0 });
  });
  console.log(`  bullmq ${require('bullmq/package.json').version}: ${expected.size} jobs in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  await Promise.all([first.close(), second.close(), events.close()]);
  await queue.obliterate({ force: true });
  await Promise.all([queue.close(), flows.close()]);
  report.finish();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
