import type { QueryKey } from '@tanstack/react-query'
import { keys } from '../api/keys'
import { isRecord } from '../lib/storedJson'
import type { Entry } from './wire'

/** Which answers no longer hold after these entries. */
export function keysTouchedBy(stream: string, entries: readonly Entry[]): QueryKey[] {
  const [kind, id = ''] = stream.split(':')
  const types = new Set(entries.map((entry) => entry.type))
  if (kind === 'order') {
    return types.has('status') || types.has('payment') ? [keys.order(id), keys.myOrders, keys.staffOrderLists] : []
  }
  if (kind === 'support') return [keys.conversations]
  if (kind !== 'store') return []
  const touched: QueryKey[] = []
  if (types.has('order_placed') || types.has('order_status')) {
    touched.push(keys.staffOrderLists, keys.ordersOfAnybody, keys.stockLists)
  }
  if (types.has('job_failed')) touched.push(keys.jobs)
  if (types.has('conversation_opened')) touched.push(keys.conversations)
  for (const { type, data } of entries) {
    if (type === 'order_status' && isRecord(data)) touched.push(keys.order(String(data['orderId'])))
  }
  return touched
}
