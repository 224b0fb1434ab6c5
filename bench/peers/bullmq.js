// BullMQ for bench.queue: a client, or a worker, on the valkey at a port. See queue_talk.py for what they say.
//
//     node bullmq.js client|worker PORT
//
// The worker runs 100 jobs at once; jobs that are done are removed, so that nothing grows.
'use strict';

const readline = require('node:readline');
const { Queue, Worker } = require('bullmq');

const CONCURRENCY = 100;
const [role, port] = process.argv.slice(2);
const connection = { host: '127.0.0.1', port: Number(port), maxRetriesPerRequest: null };
const now = () => Number(process.hrtime.bigint()) / 1e9;
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

function listen(handle) {
  const lines = readline.createInterface({ input: process.stdin });
  lines.on('line', (line) => handle(JSON.parse(line)));
  lines.on('close', () => process.exit(0)); // The bench is gone.
}

async function client() {
  const queue = new Queue('no_op', { connection, defaultJobOptions: { removeOnComplete: true } });
  await queue.waitUntilReady();
  listen(async ({ first, jobs, inFlight }) => {
    let next = first;
    const submitInTurn = async () => {
      while (next < first + jobs) await queue.add('no_op', { number: next++ });
    };
    const began = now();
    await Promise.all(Array.from({ length: Math.min(inFlight, jobs) }, submitInTurn));
    say({ began });
  });
  say({ ready: true });
}

async function worker() {
  let expected = new Set();
  let started = 0;
  let strays = 0;
  const work = async () => {
    started ||= now();
  };
  const taker = new Worker('no_op', work, { connection, concurrency: CONCURRENCY });
  taker.on('completed', ({ data: { number } }) => {
    if (!expected.delete(number)) strays += 1;
    else if (!expected.size) say({ started, ended: now(), strays });
  });
  taker.on('error', (error) => process.stderr.write(`${error.stack}\n`));
  await taker.waitUntilReady();
  listen(({ first, jobs }) => {
    expected = new Set(Array.from({ length: jobs }, (_, place) => first + place));
    started = strays = 0;
    say({ expecting: jobs });
  });
  say({ ready: true });
}

(role === 'client' ? client : worker)();
