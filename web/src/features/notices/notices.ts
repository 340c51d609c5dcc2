import { isRecord } from '@/lib/storedJson'

export const noticeTypes = ['low_stock', 'job_failed', 'conversation_opened'] as const

export interface Notice {
  seq: number
  at: string
  type: (typeof noticeTypes)[number]
  data: Record<string, unknown>
}

interface StoreEntry {
  seq: number
  at: string
  type: string
  data?: unknown
}

/** What staff should look at, the newest first; orders have a board of their own. */
export function noticesIn(entries: readonly StoreEntry[]): Notice[] {
  const notices = entries.flatMap(({ seq, at, type: written, data }) => {
    const type = noticeTypes.find((each) => each === written)
    return type && isRecord(data) ? [{ seq, at, type, data }] : []
  })
  return notices.reverse()
}

/** Where a notice leads. */
export function placeOf({ type, data }: Notice): string {
  if (type === 'low_stock') return `/staff/products?q=${encodeURIComponent(String(data['title']))}`
  if (type === 'conversation_opened') return `/staff/support/${String(data['userId'])}`
  return '/staff/jobs'
}
