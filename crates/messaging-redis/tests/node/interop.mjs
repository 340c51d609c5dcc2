// What a Node program does with Souk's queues, with unmodified packages: works, adds, and looks on with a dashboard.
// Prints one line of JSON.
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { Queue, Worker } from 'bullmq';
import express from 'express';

const [what, port, name, ...more] = process.argv.slice(2);
const connection = { host: '127.0.0.1', port: Number(port) };

/** Works until so many jobs were taken; those whose name is given fail. */
async function work(count, failing) {
  const taken = [];
  await new Promise((done) => {
    const worker = new Worker(
      name,
      async (job) => {
        taken.push({ id: job.id, name: job.name, data: job.data, priority: job.priority });
        if (job.name === failing) throw new Error('Node cannot do this');
      },
      { connection },
    );
    worker.on('completed', end);
    worker.on('failed', end);
    async function end() {
      if (taken.length < Number(count)) return;
      await worker.close();
      done();
    }
  });
  return taken;
}

async function add(job, data, options) {
  const queue = new Queue(name, { connection });
  const { id } = await queue.add(job, JSON.parse(data), JSON.parse(options ?? '{}'));
  await queue.close();
  return { id };
}

/** What a dashboard shows of the queue; retries the job, if one is given. */
async function board(retry) {
  const queue = new Queue(name, { connection });
  const serverAdapter = new ExpressAdapter();
  serverAdapter.setBasePath('/board');
  createBullBoard({ queues: [new BullMQAdapter(queue)], serverAdapter });
  const app = express();
  app.use('/board', serverAdapter.getRouter());
  const server = app.listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  const base = `http://127.0.0.1:${server.address().port}/board/api`;
  const get = async (path) => (await fetch(base + path)).json();
  const seen = (await get(`/queues?activeQueue=${name}&status=failed&page=1&jobsPerPage=10`)).queues[0];
  const failed = [];
  for (const job of seen.jobs) {
    const logs = await get(`/queues/${name}/${encodeURIComponent(job.id)}/logs`);
    failed.push({ id: job.id, name: job.name, data: job.data, reason: job.failedReason, logs });
  }
  let retried = null;
  if (retry) {
    const path = `${base}/queues/${name}/${encodeURIComponent(retry)}/retry`;
    retried = (await fetch(path, { method: 'PUT' })).status;
  }
  server.close();
  server.closeAllConnections();
  await queue.close();
  return { name: seen.name, counts: seen.counts, failed, retried };
}

const answer = await { work, add, board }[what](...more);
console.log(JSON.stringify(answer));
