import type { Happened, ShownItem, Speaker } from '@/lib/conversation'
import { isRecord } from '@/lib/storedJson'

export interface ConversationStep {
  kind: 'closed' | 'reopened' | 'taken' | 'handedOver' | 'putBack'
  by: Speaker | null
  /** Who has it from then on. */
  to: string
}

const statusOf = (item: ShownItem | undefined): unknown => (item?.kind === 'happened' ? item.data['status'] : undefined)

/** What became of a conversation at this item, told from what it was before; null for anything else. */
export function stepAt(items: readonly ShownItem[], item: Happened): ConversationStep | null {
  if (item.type !== 'conversation') return null
  const { status, assignee } = item.data
  const before = items
    .slice(0, items.indexOf(item))
    .findLast((each) => each.kind === 'happened' && each.type === 'conversation')
  const to = isRecord(assignee) ? String(assignee['name']) : ''
  const step = { by: item.author, to }
  if (status === 'closed') return { ...step, kind: 'closed' }
  if (statusOf(before) === 'closed') return { ...step, kind: 'reopened' }
  if (!isRecord(assignee)) return { ...step, kind: 'putBack' }
  return { ...step, kind: assignee['id'] === item.author?.id ? 'taken' : 'handedOver' }
}
