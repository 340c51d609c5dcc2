import { beforeEach, describe, expect, it } from 'vitest'
import type { NewOrder, Order } from '@/api/types'
import { Problem } from '@/lib/problem'
import { hasUnansweredAttempt, placeOnce, type Placing } from './attempt'

/** A server as far as keys go: an order binds its key for ever, and a lost answer may hide one. */
class KeyedServer {
  readonly orders = new Map<string, { body: string; order: Order }>()
  readonly usedKeys = new Set<string>()
  loseAnswers = false
  loseRequests = false
  refuseWith: Problem | null = null

  send = (order: NewOrder, key: string): Promise<Order> => {
    this.usedKeys.add(key)
    if (this.loseRequests) return Promise.reject(new Problem('network', 0))
    if (this.refuseWith) return Promise.reject(this.refuseWith)
    const body = JSON.stringify(order)
    const bound = this.orders.get(key)
    if (bound && bound.body !== body) return Promise.reject(new Problem('idempotency_key_reused', 422))
    const answer = bound ?? { body, order: { id: `order-${this.orders.size + 1}` } as Order }
    this.orders.set(key, answer)
    return this.loseAnswers ? Promise.reject(new Problem('network', 0)) : Promise.resolve(answer.order)
  }
}

function memoryStorage(): Storage {
  const items = new Map<string, string>()
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
    clear: () => items.clear(),
    key: () => null,
    get length() {
      return items.size
    },
  }
}

const order = (quantity: number): NewOrder => ({ lines: [{ variantId: 'v', quantity }] })

describe('placeOnce', () => {
  let server: KeyedServer
  let placing: Placing
  let made: number

  beforeEach(() => {
    server = new KeyedServer()
    made = 0
    placing = { storage: memoryStorage(), newKey: () => `key-${++made}`, send: server.send }
  })

  it('uses a new key for each purchase', async () => {
    await placeOnce(order(1), placing)
    await placeOnce(order(1), placing)
    expect(server.orders.size).toBe(2)
  })

  it('makes one order when the answer is lost and the buyer presses again', async () => {
    server.loseAnswers = true
    await expect(placeOnce(order(1), placing)).rejects.toMatchObject({ code: 'network' })
    expect(hasUnansweredAttempt(placing.storage)).toBe(true)
    server.loseAnswers = false
    const placed = await placeOnce(order(1), placing)
    expect(placed).toMatchObject({ order: { id: 'order-1' }, isEarlier: false })
    expect(server.orders.size).toBe(1)
    expect(hasUnansweredAttempt(placing.storage)).toBe(false)
  })

  it('finds the earlier order when the cart changed after a lost answer', async () => {
    server.loseAnswers = true
    await expect(placeOnce(order(1), placing)).rejects.toThrow()
    server.loseAnswers = false
    expect(await placeOnce(order(2), placing)).toMatchObject({ order: { id: 'order-1' }, isEarlier: true })
    expect(server.orders.size).toBe(1)
  })

  it('takes the changed cart when the first request never arrived', async () => {
    server.loseRequests = true
    await expect(placeOnce(order(1), placing)).rejects.toThrow()
    server.loseRequests = false
    expect(await placeOnce(order(2), placing)).toMatchObject({ isEarlier: false })
    expect(server.usedKeys.size).toBe(1)
  })

  it('starts afresh after a plain refusal', async () => {
    server.refuseWith = new Problem('out_of_stock', 409)
    await expect(placeOnce(order(1), placing)).rejects.toMatchObject({ code: 'out_of_stock' })
    server.refuseWith = null
    await placeOnce(order(1), placing)
    expect(server.usedKeys.size).toBe(2)
  })

  it('keeps the key after a refusal while an older request is in doubt', async () => {
    server.loseRequests = true
    await expect(placeOnce(order(1), placing)).rejects.toThrow()
    server.loseRequests = false
    server.refuseWith = new Problem('out_of_stock', 409)
    await expect(placeOnce(order(1), placing)).rejects.toThrow()
    server.refuseWith = null
    await placeOnce(order(1), placing)
    expect(server.usedKeys.size).toBe(1)
  })

  it('treats a busy server as no answer', async () => {
    server.refuseWith = new Problem('busy', 503)
    await expect(placeOnce(order(1), placing)).rejects.toThrow()
    server.refuseWith = null
    await placeOnce(order(1), placing)
    expect(server.usedKeys.size).toBe(1)
  })
})
