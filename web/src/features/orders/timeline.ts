import type { Entry, Order, OrderStatus, PaymentStatus } from '@/api/types'
import { isRecord } from '@/lib/storedJson'
import { statuses, usualWay } from './status'

export type Step = { at: string | null } & (
  | { kind: 'status'; status: OrderStatus; tracking: string | null; reason: string | null }
  | { kind: 'payment'; payment: PaymentStatus }
)

const payments: PaymentStatus[] = ['unpaid', 'paid', 'refunded']

const textOr = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

function stepOf(entry: Entry): Step | null {
  if (!isRecord(entry.data)) return null
  const { status, tracking, reason } = entry.data
  if (entry.type === 'status') {
    const known = statuses.find((each) => each === status)
    return known
      ? { kind: 'status', status: known, at: entry.at, tracking: textOr(tracking), reason: textOr(reason) }
      : null
  }
  if (entry.type === 'payment') {
    const known = payments.find((each) => each === status)
    return known ? { kind: 'payment', payment: known, at: entry.at } : null
  }
  return null
}

/** What has happened, then what is still to come (without a time), unless the order has left the usual way. */
export function timelineOf(entries: readonly Entry[], order: Pick<Order, 'status' | 'placedAt'>): Step[] {
  const past = [...entries].sort((a, b) => a.seq - b.seq).flatMap((entry) => stepOf(entry) ?? [])
  const reached = usualWay.indexOf(order.status)
  const ahead = reached < 0 ? [] : usualWay.slice(reached + 1)
  return [...past, ...ahead.map((status): Step => ({ kind: 'status', status, at: null, tracking: null, reason: null }))]
}
