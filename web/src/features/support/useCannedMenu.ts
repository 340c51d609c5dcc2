import { useState, type KeyboardEvent } from 'react'
import type { CannedReply, Conversation } from '@/api/types'
import type { Draft } from '@/ui/conversation/useDraft'
import { addressed, matchingReplies } from './canned'
import { useCannedReplies } from './queries'

export interface CannedMenuState {
  replies: CannedReply[]
  active: number
  choose: (reply: CannedReply) => void
  onKey: (event: KeyboardEvent<HTMLTextAreaElement>) => boolean
}

/** A message that begins with `/` is a search among the answers kept ready, until one is chosen or Escape pressed. */
export function useCannedMenu(draft: Draft, { name, locale }: Conversation): CannedMenuState {
  const all = useCannedReplies().data?.items ?? []
  const [position, setPosition] = useState(0)
  const [dismissed, setDismissed] = useState('')
  const isSearch = draft.edited === null && draft.text.startsWith('/') && draft.text !== dismissed
  const replies = isSearch ? matchingReplies(all, draft.text.slice(1), locale) : []
  const active = Math.min(position, replies.length - 1)

  const choose = (reply: CannedReply) => {
    draft.setText(addressed(reply.text, name))
    setPosition(0)
    draft.field.current?.focus()
  }

  const onKey = (event: KeyboardEvent<HTMLTextAreaElement>): boolean => {
    const reply = replies[active]
    if (!reply) return false
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) setPosition((active + step + replies.length) % replies.length)
    else if (event.key === 'Enter' || event.key === 'Tab') choose(reply)
    else if (event.key === 'Escape') setDismissed(draft.text)
    else return false
    event.preventDefault()
    event.stopPropagation()
    return true
  }
  return { replies, active, choose, onKey }
}
