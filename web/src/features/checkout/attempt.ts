/**
 * One attempt to buy makes at most one order, whatever happens to the network or the page.
 *
 * The attempt's Idempotency-Key is kept until the server's answer leaves nothing in doubt. While any request of the
 * attempt is unanswered, every further one goes out under the same key: the server binds it to the first that commits.
 */
import type { NewOrder, Order } from '@/api/types'
import type { Problem } from '@/lib/problem'
import { asProblem } from '@/lib/problem'
import { isRecord, readStored, writeStored } from '@/lib/storedJson'

interface Attempt {
  key: string
  /** The bodies of requests to which no answer came, as they were sent. */
  unanswered: string[]
}

export interface Placing {
  storage: Storage
  newKey: () => string
  send: (order: NewOrder, key: string) => Promise<Order>
}

export interface Placed {
  order: Order
  /** True when this is the order of an earlier press, found again, and not the one just asked for. */
  isEarlier: boolean
}

const storageKey = 'souk.checkout'

const isAttempt = (value: unknown): value is Attempt =>
  isRecord(value) && typeof value['key'] === 'string' && Array.isArray(value['unanswered'])

export const hasUnansweredAttempt = (storage: Storage): boolean =>
  (readStored(storage, storageKey, isAttempt)?.unanswered.length ?? 0) > 0

export async function placeOnce(order: NewOrder, placing: Placing): Promise<Placed> {
  const { storage, newKey, send } = placing
  const body = JSON.stringify(order)
  const before = readStored(storage, storageKey, isAttempt) ?? { key: newKey(), unanswered: [] }
  const others = before.unanswered.filter((other) => other !== body)
  // Written down before it is sent: a page that dies in between finds its key again.
  writeStored(storage, storageKey, { key: before.key, unanswered: [...others, body] })
  try {
    const placed = await send(order, before.key)
    storage.removeItem(storageKey)
    return { order: placed, isEarlier: false }
  } catch (cause) {
    const problem = asProblem(cause)
    if (problem.code === 'idempotency_key_reused') return findEarlier(others, before.key, placing, problem)
    if (!problem.isPassing) {
      // This body was refused. One that was in doubt before stays so: an older request may still be on its way.
      settle(storage, { key: before.key, unanswered: before.unanswered })
    }
    throw problem
  }
}

function settle(storage: Storage, attempt: Attempt): void {
  if (attempt.unanswered.length === 0) storage.removeItem(storageKey)
  else writeStored(storage, storageKey, attempt)
}

/** The key is bound to an order of another body: one of those never answered. Asking for it again brings its answer. */
async function findEarlier(
  bodies: string[],
  key: string,
  { storage, send }: Placing,
  reused: Problem,
): Promise<Placed> {
  for (const body of bodies) {
    try {
      const order = await send(JSON.parse(body) as NewOrder, key)
      storage.removeItem(storageKey)
      return { order, isEarlier: true }
    } catch (cause) {
      const problem = asProblem(cause)
      if (problem.code !== 'idempotency_key_reused') throw problem
    }
  }
  storage.removeItem(storageKey)
  throw reused
}
