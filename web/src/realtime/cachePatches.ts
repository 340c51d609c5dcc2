/** The small changes that news makes to what is cached. Pure; each gives the old object back when nothing changes. */
import type { Entry } from './wire'

export interface MarkList {
  items: { userId: string; seq: number }[]
}

export interface UnreadState {
  stream: string
  head: number
  read: number
  unread: number
}

export interface Typist {
  userId: string
  name: string
  until: number
}

const mostCounted = 100

/** Marks only move forward. */
export const markMoved =
  (userId: string, seq: number) =>
  (marks: MarkList | undefined): MarkList | undefined => {
    if (!marks) return marks
    const known = marks.items.find((mark) => mark.userId === userId)
    if (known && known.seq >= seq) return marks
    return { items: [...marks.items.filter((mark) => mark !== known), { userId, seq }] }
  }

/** In conversations only what is said counts; elsewhere everything does. */
const counts = (stream: string, entry: Entry): boolean =>
  entry.type === 'message' || stream === 'store' || stream.startsWith('user:')

export const unreadAfter =
  (stream: string, entries: readonly Entry[]) =>
  (state: UnreadState | undefined): UnreadState | undefined => {
    const fresh = state ? entries.filter((entry) => entry.seq > state.head) : []
    const head = fresh.at(-1)?.seq
    if (!state || head === undefined) return state
    const added = fresh.filter((entry) => counts(stream, entry)).length
    return { ...state, head, unread: Math.min(state.unread + added, mostCounted) }
  }

/** Exact when everything is read; else what is left is at most what was there. */
export const unreadRead =
  (seq: number) =>
  (state: UnreadState | undefined): UnreadState | undefined => {
    if (!state || seq <= state.read) return state
    return { ...state, read: seq, unread: seq >= state.head ? 0 : Math.min(state.unread, state.head - seq) }
  }

export const typingHeard =
  (typist: Typist) =>
  (typists: Typist[] | undefined): Typist[] => [
    ...(typists ?? []).filter((each) => each.userId !== typist.userId),
    typist,
  ]
