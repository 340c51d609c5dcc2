/** Lays out a copy for reading: messages as they are now, with what was said but not yet sent at the end. Pure. */
import type { Happened, Said, ShownItem, Speaker } from '../lib/conversation'
import { isRecord } from '../lib/storedJson'
import type { StreamCopy } from './client'
import type { Unsent } from './outbox'
import type { Entry } from './wire'

export interface Reader {
  id: string
  name: string
  role: Speaker['role']
}

export interface Perspective {
  reader: Reader
  isOurs: (author: Speaker | null) => boolean
  /** The furthest that somebody on the other side has read. */
  seenUpTo: number
}

export function shownItems(copy: Pick<StreamCopy, 'entries' | 'unsent'>, view: Perspective): ShownItem[] {
  const changes = new Map<number, Unsent>()
  for (const item of copy.unsent) {
    const seq = item.data['seq']
    if (item.type !== 'message' && typeof seq === 'number') changes.set(seq, item)
  }
  const there = copy.entries.flatMap((entry): ShownItem[] => {
    if (entry.type === 'message') return [withChange(saidOf(entry, view), changes.get(entry.seq))]
    if (entry.type === 'edit' || entry.type === 'delete' || !isRecord(entry.data)) return []
    const { id, at, type, author, data } = entry
    return [{ kind: 'happened', key: id, at, type, author, data } satisfies Happened]
  })
  const coming = copy.unsent.filter((item) => item.type === 'message').map((item) => comingOf(item, view))
  return [...there, ...coming]
}

function saidOf(entry: Entry, { reader, isOurs, seenUpTo }: Perspective): Said {
  const data = isRecord(entry.data) ? entry.data : {}
  const ours = isOurs(entry.author)
  return {
    kind: 'said',
    key: entry.id,
    seq: entry.seq,
    author: entry.author,
    isMine: entry.author?.id === reader.id,
    isOurs: ours,
    text: textIn(data),
    isEdited: data['edited'] === true,
    isAutomatic: data['automatic'] === true,
    at: entry.at,
    state: ours && entry.seq <= seenUpTo ? 'seen' : 'sent',
    unsentId: null,
    problem: null,
  }
}

const textIn = (data: Record<string, unknown>): string | null => {
  const { text } = data
  return typeof text === 'string' ? text : null
}

/** A change that is on its way is shown as done; one that was refused, as what it is. */
function withChange(said: Said, change: Unsent | undefined): Said {
  if (!change) return said
  if (change.state === 'refused') {
    return { ...said, state: 'failed', unsentId: change.id, problem: change.code ?? null }
  }
  if (change.type === 'delete') return { ...said, text: null }
  return { ...said, text: textIn(change.data) ?? said.text, isEdited: true }
}

function comingOf(item: Unsent, { reader }: Perspective): Said {
  return {
    kind: 'said',
    key: item.id,
    seq: null,
    author: reader,
    isMine: true,
    isOurs: true,
    text: textIn(item.data),
    isEdited: false,
    isAutomatic: false,
    at: item.at,
    state: item.state === 'refused' ? 'failed' : item.state === 'posted' ? 'sent' : 'sending',
    unsentId: item.id,
    problem: item.code ?? null,
  }
}
