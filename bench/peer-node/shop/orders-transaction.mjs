// An order as a transaction of its own: the order, the first entry of its stream, then the stock, which others are
// after too and which is therefore held for the shortest time.
import { config } from './config.mjs'
import { client, entries, isDuplicate, orders, stock } from './mongo.mjs'
import { firstEntry } from './streams.mjs'

class OutOfStock extends Error {
  constructor(variantId) {
    super('out of stock')
    this.variantId = variantId
  }
}

class Late extends Error {}

const options = { readConcern: { level: 'local' }, writeConcern: { w: 'majority' } }

/** `placed`, `known` (the key is bound), `out_of_stock` or `busy`. */
export async function place(order) {
  const until = Date.now() + config.orderDeadlineMs
  const tracked = order.lines.filter((line) => line.inventory !== 'untracked')
  const write = async (session) => {
    // The driver would try again for two minutes.
    if (Date.now() > until) throw new Late()
    await orders.insertOne(order, { session })
    await entries.insertOne(firstEntry(order), { session })
    if (tracked.length === 1) return takeOne(tracked[0], session)
    for (const line of tracked) await takeOne(line, session)
  }
  try {
    await client.withSession((session) => session.withTransaction(() => write(session), options))
    return { outcome: 'placed' }
  } catch (error) {
    if (error instanceof OutOfStock) return { outcome: 'out_of_stock', short: error.variantId }
    if (isDuplicate(error)) return { outcome: 'known' }
    if (error instanceof Late || error?.errorLabels?.includes('TransientTransactionError')) return { outcome: 'busy' }
    throw error
  }
}

async function takeOne({ variantId, quantity, inventory }, session) {
  const enough = inventory === 'tracked' ? { onHand: { $gte: quantity } } : {}
  const { matchedCount } = await stock.updateOne({ _id: variantId, ...enough }, { $inc: { onHand: -quantity } }, { session })
  if (matchedCount === 0) throw new OutOfStock(variantId)
}
