// The queue of mails, on BullMQ.
import { Queue } from 'bullmq'
import { connectForEver } from './redis.mjs'

export const NAME = 'peer-mails'
export const RETENTION = { removeOnComplete: { age: 3_600, count: 10_000 }, removeOnFail: { age: 7 * 24 * 3_600 } }

let queue = null

export function openQueue() {
  queue = new Queue(NAME, { connection: connectForEver(), defaultJobOptions: { attempts: 8, backoff: { type: 'exponential', delay: 1_000 }, ...RETENTION } })
  queue.on('error', () => {})
  return queue
}

/** The receipt for the buyer and the news for the shop, once for each order. */
export function addMails(orders) {
  return queue.addBulk(
    orders.flatMap(({ _id }) => [
      { name: 'receipt', data: { orderId: _id }, opts: { jobId: `receipt-${_id}` } },
      { name: 'new-order', data: { orderId: _id }, opts: { jobId: `new-order-${_id}` } },
    ]),
  )
}

export const leftInQueue = () => queue.getJobCounts('waiting', 'active', 'delayed', 'prioritized', 'failed')

export const closeQueue = () => queue?.close()
