// BullMQ alone: jobs a second from the first one added to the last one done, by a producer here and workers in
// processes of their own.
//   node queue.mjs [--jobs 20000] [--batch 200] [--workers 1] [--concurrency 50]
import { fork } from 'node:child_process'
import { parseArgs } from 'node:util'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '20000' },
    batch: { type: 'string', default: '200' },
    workers: { type: 'string', default: '1' },
    concurrency: { type: 'string', default: '50' },
    queue: { type: 'string', default: `peer-bench-${process.pid}` },
    work: { type: 'boolean', default: false },
  },
})
const [jobs, batch, workers, concurrency] = [values.jobs, values.batch, values.workers, values.concurrency].map(Number)
const connection = () => new Redis(process.env.PEER_REDIS ?? 'redis://127.0.0.1:6379', { maxRetriesPerRequest: null })
// Finished jobs are kept for a while in production; so they are here, in a number that does not grow.
const retention = { removeOnComplete: { count: 1_000 }, removeOnFail: { count: 1_000 } }

if (values.work) await work()
else await measure()

async function work() {
  let done = 0
  const worker = new Worker(values.queue, async (job) => job.data.number, { connection: connection(), concurrency, ...retention })
  worker.on('completed', () => (done += 1))
  const tell = setInterval(() => process.send({ done }), 5)
  await worker.waitUntilReady()
  process.send({ ready: true })
  process.once('message', async () => {
    clearInterval(tell)
    await worker.close()
    process.exit(0)
  })
}

async function measure() {
  const queue = new Queue(values.queue, { connection: connection(), defaultJobOptions: { attempts: 3, ...retention } })
  const counts = new Map()
  let finish
  const finished = new Promise((resolve) => (finish = resolve))
  const started = Array.from({ length: workers }, () => {
    const options = ['--work', '--queue', values.queue, '--concurrency', String(concurrency)]
    const child = fork(new URL(import.meta.url), options)
    const ready = new Promise((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`a worker ended with ${code}`)))
      child.on('message', ({ ready, done }) => {
        if (ready) resolve()
        if (done === undefined) return
        counts.set(child, done)
        if ([...counts.values()].reduce((sum, count) => sum + count) >= jobs) finish(performance.now())
      })
    })
    return { child, ready }
  })
  await Promise.all(started.map(({ ready }) => ready))
  const start = performance.now()
  const payload = { to: 'sara@example.com', template: 'receipt', orderId: '0192f0c1-7b1e-7c3a-9d55-0242ac120002' }
  for (let number = 0; number < jobs; number += batch) {
    const size = Math.min(batch, jobs - number)
    await queue.addBulk(Array.from({ length: size }, (_, place) => ({ name: 'send', data: { ...payload, number: number + place } })))
  }
  const added = performance.now()
  const end = await finished
  for (const { child } of started) {
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.send('stop')
    await gone
  }
  await queue.obliterate({ force: true })
  await queue.close()
  const perSecond = (until) => Math.round(jobs / ((until - start) / 1_000))
  console.log(JSON.stringify({ jobs, workers, concurrency, addedPerSecond: perSecond(added), jobsPerSecond: perSecond(end) }))
  process.exit(0)
}
