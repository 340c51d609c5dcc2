// An order without a transaction: stock is taken by a condition in the update, then the order is written, and what was
// taken is given back when that fails. A crash between the two leaves fewer units than there are: never more.
import { entries, isDuplicate, orders, stock } from './mongo.mjs'
import { firstEntry } from './streams.mjs'

/** `placed`, `known` (the key is bound) or `out_of_stock`. */
export async function place(order) {
  const taken = []
  for (const line of order.lines) {
    if (line.inventory === 'untracked') continue
    if (!(await take(line))) {
      await giveBack(taken)
      return { outcome: 'out_of_stock', short: line.variantId }
    }
    taken.push(line)
  }
  try {
    await orders.insertOne(order)
  } catch (error) {
    // After an error that is not the database's own answer, the order may be there all the same.
    const written = !isDuplicate(error) && (await orders.findOne({ _id: order._id }, { projection: { _id: 1 } }))
    if (!written) {
      await giveBack(taken)
      if (isDuplicate(error)) return { outcome: 'known' }
      throw error
    }
  }
  try {
    await entries.insertOne(firstEntry(order))
  } catch (error) {
    if (!isDuplicate(error)) throw error
  }
  return { outcome: 'placed' }
}

async function take({ variantId, quantity, inventory }) {
  const enough = inventory === 'tracked' ? { onHand: { $gte: quantity } } : {}
  const { matchedCount } = await stock.updateOne({ _id: variantId, ...enough }, { $inc: { onHand: -quantity } })
  return matchedCount > 0
}

async function giveBack(lines) {
  await Promise.all(lines.map(({ variantId, quantity }) => stock.updateOne({ _id: variantId }, { $inc: { onHand: quantity } })))
}
