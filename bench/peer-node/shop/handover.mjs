// What follows from an order, after its commit: two mails as jobs, and an entry that staff see. Orders that came while
// the last ones were handed on go together. What a crash left behind is found by `sweep`. Everything here may be done
// twice: jobs and entries have ids of their order.
import { orders } from './mongo.mjs'
import { addMails } from './queue.mjs'
import { append, beginStreams, items, view } from './streams.mjs'

const MOST = 200
const OVERDUE_MS = 10_000
const SWEEP_MS = 5_000

let io = null
let waiting = []
let running = null
let sweeping = null
let timer = null

/** Tells the sockets' server from here on, and looks for what was left behind. */
export function startHandover(server) {
  io = server
  timer = setInterval(() => {
    sweeping ??= sweep().catch(report).finally(() => (sweeping = null))
  }, SWEEP_MS + Math.random() * 1_000)
}

export async function stopHandover() {
  clearInterval(timer)
  await Promise.all([running, sweeping])
}

/** Hands an order on soon. Nobody waits for it: the order is pending until it is done. */
export function handOn(order) {
  waiting.push(order)
  running ??= drain().finally(() => (running = null))
}

async function drain() {
  while (waiting.length > 0) {
    const batch = waiting.splice(0, MOST)
    await deliver(batch).catch(report)
  }
}

async function deliver(batch) {
  const [written] = await Promise.all([append('store', batch.map(storeEntry)), addMails(batch)])
  for (const entry of written) io.to('store').emit('entry', view(entry))
  await orders.updateMany({ _id: { $in: batch.map(({ _id }) => _id) } }, { $unset: { pending: 1 } })
}

function storeEntry(order) {
  const data = { orderId: order._id, number: order.number, total: { amount: order.total, currency: 'SAR' }, items: items(order) }
  return { id: order._id, type: 'order_placed', author: order.buyer, at: new Date(), data }
}

async function sweep() {
  const overdue = { pending: { $lt: new Date(Date.now() - OVERDUE_MS) } }
  const found = await orders.find(overdue).sort({ pending: 1 }).limit(MOST).toArray()
  if (found.length === 0) return
  // Without a transaction, a crash may have come between an order and the first entry of its stream.
  await beginStreams(found)
  await deliver(found)
}

const report = (error) => console.error('handing on failed; it is tried again:', error.message)
