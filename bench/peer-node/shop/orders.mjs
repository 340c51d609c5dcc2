// Placing orders: what both variants share. Prices are the shop's, never the client's.
import { createHash } from 'node:crypto'
import { Router } from 'express'
import { config } from './config.mjs'
import { handOn } from './handover.mjs'
import { orderNumber, uuidv7 } from './ids.mjs'
import { orders, stock, variants } from './mongo.mjs'
import * as conditional from './orders-conditional.mjs'
import * as transaction from './orders-transaction.mjs'
import { Problem } from './problem.mjs'
import * as schemas from './schemas.mjs'
import { isStaff, signedIn } from './tokens.mjs'

const variant = config.orders === 'transaction' ? transaction : conditional

export const shop = Router()

shop.post('/orders', signedIn, async (request, response) => {
  const key = request.headers['idempotency-key']
  if (!key || !/^[\x21-\x7e]{1,255}$/.test(key)) throw new Problem('idempotency_key_missing')
  const asked = schemas.checked(schemas.order, request.body)
  const order = await priced(asked, request.actor, key)
  const placed = await place(order)
  response.setHeader('Location', `/api/v1/orders/${placed._id}`)
  if (placed._id !== order._id) response.setHeader('Idempotency-Replayed', 'true')
  else handOn(order)
  response.status(201).json(view(placed))
})

shop.get('/orders/:id', signedIn, async (request, response) => {
  const found = await orders.findOne({ _id: request.params.id })
  if (!found || (found.userId !== request.actor.id && !isStaff(request.actor))) throw new Problem('not_found')
  response.json(view(found))
})

/** The order, or the one that the key stands for already. What is refused binds no key, so that is looked at first. */
async function place(order) {
  const { outcome, short } = await variant.place(order)
  if (outcome === 'placed') return order
  const known = await orders.findOne({ userId: order.userId, key: order.key }, { readPreference: 'primary' })
  if (known?.requestHash === order.requestHash) return known
  if (known) throw new Problem('idempotency_key_reused')
  if (outcome === 'busy') throw new Problem('busy')
  throw new Problem('out_of_stock', { lines: await shortages(order, short) })
}

/** What is left of each line that cannot be served whole. */
async function shortages(order, short) {
  const found = await stock.find({ _id: { $in: order.lines.map((line) => line.variantId) } }).toArray()
  const left = new Map(found.map(({ _id, onHand }) => [_id, onHand]))
  return order.lines
    .map(({ variantId, quantity }) => ({ variantId, requested: quantity, left: left.get(variantId) ?? 0 }))
    .filter((line) => line.left < line.requested || line.variantId === short)
}

async function priced(asked, buyer, key) {
  const wanted = new Map()
  for (const { variantId, quantity } of asked.lines) {
    const id = variantId.toLowerCase()
    wanted.set(id, (wanted.get(id) ?? 0) + quantity)
  }
  if (wanted.size > 100 || [...wanted.values()].some((quantity) => quantity > 10_000)) {
    throw new Problem('invalid_input', { errors: [{ path: 'lines', code: 'too_many', detail: 'at most 100 lines, and 10,000 of one' }] })
  }
  // Sorted, so that two orders of the same variants meet them in the same order.
  const ids = [...wanted.keys()].sort()
  const found = new Map((await variants.find({ _id: { $in: ids }, status: 'published' }).toArray()).map((sold) => [sold._id, sold]))
  const unknown = asked.lines.findIndex(({ variantId }) => !found.has(variantId.toLowerCase()))
  if (unknown >= 0) {
    throw new Problem('variant_unknown', { errors: [{ path: `lines[${unknown}].variantId`, code: 'variant_unknown', detail: 'must name something that is sold here' }] })
  }
  const lines = ids.map((id) => {
    const { productId, handle, title, variantTitle, sku, price, inventory } = found.get(id)
    return { variantId: id, productId, handle, sku, title, variantTitle, quantity: wanted.get(id), unitPrice: price, inventory }
  })
  const total = lines.reduce((sum, line) => sum + line.unitPrice * line.quantity, 0)
  const { expectedTotal, address = null, note = null, payment = { method: 'cod' } } = asked
  if (expectedTotal && (expectedTotal.amount !== total || expectedTotal.currency !== config.currency)) {
    throw new Problem('price_changed', { total: money(total) })
  }
  const meaning = JSON.stringify([ids.map((id) => [id, wanted.get(id)]), expectedTotal ?? null, address, note, payment.method])
  const now = new Date()
  return {
    _id: uuidv7(),
    number: orderNumber(),
    userId: buyer.id,
    buyer: { id: buyer.id, name: buyer.name, role: buyer.role },
    key,
    requestHash: createHash('sha256').update(meaning).digest('base64url'),
    status: 'placed',
    payment: { method: payment.method, status: 'unpaid' },
    lines,
    total,
    address,
    note,
    locale: buyer.locale,
    placedAt: now,
    updatedAt: now,
    // The outbox: written with the order, gone when what follows from it was handed on.
    pending: now,
  }
}

const money = (amount) => ({ amount, currency: config.currency })

function view({ _id, number, userId, status, payment, lines, total, address, note, placedAt, updatedAt }) {
  return {
    id: _id,
    number,
    userId,
    status,
    payment,
    lines: lines.map(({ inventory: _, unitPrice, ...line }) => ({ ...line, unitPrice: money(unitPrice), total: money(unitPrice * line.quantity) })),
    subtotal: money(total),
    shipping: money(0),
    tax: money(0),
    total: money(total),
    taxInclusive: true,
    placedAt,
    updatedAt,
    ...(address && { address }),
    ...(note && { note }),
  }
}
