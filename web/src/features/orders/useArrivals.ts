import { useState } from 'react'
import { isRecord } from '@/lib/storedJson'
import type { Money } from '@/lib/money'
import { useStream } from '@/realtime/hooks'

export interface Arrival {
  orderId: string
  number: string
  total: Money
}

/** The orders that came in while this page was open, the latest last. */
export function useArrivals(): Arrival[] {
  const store = useStream('store').data
  const [since, setSince] = useState<number | null>(null)
  const last = store?.entries.at(-1)?.seq ?? 0
  // What was there when the page was opened is no news.
  if (store && since === null) setSince(last)
  return (store?.entries ?? []).flatMap(({ seq, type, data }) => {
    const isNew = since !== null && seq > since && type === 'order_placed' && isRecord(data)
    return isNew ? [data as unknown as Arrival] : []
  })
}
