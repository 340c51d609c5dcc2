// Streams: entries with the next whole number each, with no holes. The unique index on (stream, seq) decides who was
// first; who was not tries the next number.
import { entries, isDuplicate, orders } from './mongo.mjs'
import { isStaff } from './tokens.mjs'

export const PAGE = 200

/** The first entry of an order's stream. Nobody else writes there before the order is known. */
export function firstEntry(order) {
  const data = { orderId: order._id, number: order.number, total: { amount: order.total, currency: 'SAR' }, items: items(order) }
  return row(`order:${order._id}`, 1, { id: order._id, type: 'order_placed', author: order.buyer, at: order.placedAt, data })
}

/** Writes the first entries that are missing. */
export async function beginStreams(orders) {
  try {
    await entries.insertMany(orders.map(firstEntry), { ordered: false })
  } catch (error) {
    if (!isDuplicate(error)) throw error
  }
}

export const items = (order) => order.lines.reduce((sum, line) => sum + line.quantity, 0)

function row(stream, seq, { id, type, author, at, data }) {
  return { _id: `${stream}/${id}`, stream, seq, id, type, author, at, data }
}

export async function headOf(stream) {
  const last = await entries.findOne({ stream }, { sort: { seq: -1 }, projection: { _id: 0, seq: 1 } })
  return last?.seq ?? 0
}

/** Appends in order; entries whose id is there already are left out. Gives those that were written. */
export async function append(stream, wanted) {
  const written = []
  let left = wanted
  while (left.length > 0) {
    const head = await headOf(stream)
    const rows = left.map((entry, place) => row(stream, head + 1 + place, entry))
    try {
      await entries.insertMany(rows, { ordered: true })
      return written.concat(rows)
    } catch (error) {
      if (!isDuplicate(error)) throw error
      // Those before the clash are written, with no hole between them.
      const count = error.insertedCount ?? 0
      written.push(...rows.slice(0, count))
      const clash = left[count]
      const isThere = await entries.findOne({ _id: `${stream}/${clash.id}` }, { projection: { _id: 1 } })
      left = left.slice(isThere ? count + 1 : count)
    }
  }
  return written
}

export async function entry(stream, id) {
  return entries.findOne({ _id: `${stream}/${id}` })
}

export async function after(stream, seq) {
  return entries.find({ stream, seq: { $gt: seq } }).sort({ seq: 1 }).limit(PAGE).toArray()
}

export const view = ({ _id, ...entry }) => entry

export async function mayRead(actor, stream) {
  if (!actor) return false
  if (isStaff(actor)) return true
  const [kind, id] = stream.split(':')
  if (kind === 'order') return (await orders.countDocuments({ _id: id, userId: actor.id }, { limit: 1 })) > 0
  return (kind === 'support' || kind === 'user') && id === actor.id
}
