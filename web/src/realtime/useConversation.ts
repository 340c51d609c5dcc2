import { useCallback, useMemo, useRef } from 'react'
import { isStaffRole, type LiveConversation, type Speaker } from '@/lib/conversation'
import type { User } from '@/api/types'
import { live } from './live'
import { useMarks, useStream, useTypists } from './hooks'
import { OutboxFull } from './outbox'
import { shownItems } from './shown'

/** While somebody types, others are told so once in this time. */
const typingEveryMs = 2500

/** One stream as a conversation, from the reader's side. `otherSide` names whose reading makes a message seen. */
export function useConversation(stream: string, reader: User, otherSide?: string): LiveConversation {
  const query = useStream(stream)
  const marks = useMarks(stream).data?.items
  const typists = useTypists(stream)
  const lastTyped = useRef(0)
  const head = query.data?.entries.at(-1)?.seq ?? 0
  const marked = useRef(0)

  const seenUpTo = useMemo(() => {
    const others = (marks ?? []).filter(({ userId }) => (otherSide ? userId === otherSide : userId !== reader.id))
    return Math.max(0, ...others.map((mark) => mark.seq))
  }, [marks, otherSide, reader.id])

  const items = useMemo(() => {
    const isOurs = (author: Speaker | null) =>
      isStaffRole(reader.role) ? author === null || isStaffRole(author.role) : author?.id === reader.id
    return query.data ? shownItems(query.data, { reader, isOurs, seenUpTo }) : []
  }, [query.data, reader, seenUpTo])

  const markRead = useCallback(() => {
    if (head <= marked.current) return
    marked.current = head
    live().read(stream, head)
  }, [stream, head])

  return {
    items,
    error: query.data ? null : query.error,
    isPending: query.isPending,
    hasEarlier: query.data?.hasEarlier ?? false,
    typists,
    reload: () => void query.refetch(),
    loadEarlier: () => live().loadEarlier(stream),
    send: (text) => {
      lastTyped.current = 0
      return posted(() => live().post(stream, 'message', { text }))
    },
    edit: (seq, text) => posted(() => live().post(stream, 'edit', { seq, text })),
    remove: (seq) => posted(() => live().post(stream, 'delete', { seq })),
    retry: (unsentId) => live().retry(stream, unsentId),
    drop: (unsentId) => live().dropUnsent(unsentId),
    typed: () => {
      if (Date.now() - lastTyped.current < typingEveryMs) return
      lastTyped.current = Date.now()
      live().typing(stream)
    },
    markRead,
  }
}

function posted(post: () => unknown): boolean {
  try {
    post()
    return true
  } catch (cause) {
    if (cause instanceof OutboxFull) return false
    throw cause
  }
}
