/** Where news ends up: in the query cache, as a patch where the news says it all, else as a question to ask again. */
import type { QueryClient, QueryKey } from '@tanstack/react-query'
import { keys } from '../api/keys'
import { sessionUser } from '../api/session'
import type { Observer } from './client'
import { markMoved, typingHeard, unreadAfter, unreadRead, type Typist } from './cachePatches'
import { StockBoard } from './stockBoard'
import { keysTouchedBy } from './touched'

/** Many entries at once make one question. */
const gatherMs = 700
const typingStaysMs = 5000

export function cacheObserver(queries: QueryClient): Observer {
  const board = new StockBoard(queries)
  const ask = gathered((key) => void queries.invalidateQueries({ queryKey: key }))
  const isMe = (userId: string | undefined) => userId !== undefined && userId === sessionUser()?.id

  const moveMark = (stream: string, userId: string, seq: number) => {
    queries.setQueryData(keys.marks(stream), markMoved(userId, seq))
    if (isMe(userId)) queries.setQueryData(keys.unread(stream), unreadRead(seq))
    if (isMe(userId) && stream.startsWith('support:')) ask(keys.conversations)
  }

  const hush = (stream: string, isGone: (typist: Typist) => boolean) =>
    queries.setQueryData(keys.typing(stream), (typists: Typist[] | undefined) =>
      typists?.some(isGone) ? typists.filter((typist) => !isGone(typist)) : typists,
    )

  return {
    copy: (stream, copy) => queries.setQueryData(keys.stream(stream), copy),
    arrived(stream, entries) {
      const authors = new Set(entries.map((entry) => entry.author?.id))
      hush(stream, (typist) => authors.has(typist.userId))
      const others = entries.filter((entry) => !isMe(entry.author?.id))
      queries.setQueryData(keys.unread(stream), unreadAfter(stream, others))
      for (const key of keysTouchedBy(stream, entries)) ask(key)
    },
    read: ({ stream, userId, seq }) => moveMark(stream, userId, seq),
    ownRead(stream, seq) {
      const user = sessionUser()
      if (user) moveMark(stream, user.id, seq)
    },
    typing({ stream, userId, name }) {
      if (isMe(userId)) return
      const until = Date.now() + typingStaysMs
      queries.setQueryData(keys.typing(stream), typingHeard({ userId, name, until }))
      setTimeout(() => hush(stream, (typist) => typist.until <= Date.now()), typingStaysMs + 50)
    },
    presence: ({ userId, state }) =>
      queries.setQueryData(keys.presence, (known: Record<string, string> | undefined) => ({
        ...known,
        [userId]: state,
      })),
    stock: ({ variantId, available }) => board.tell(variantId, available),
    connected(isOpen, again) {
      queries.setQueryData(keys.live, isOpen)
      if (!isOpen) queries.setQueryData(keys.presence, {})
      // What is not a stream has no numbers to tell a hole by, so it is asked for once more.
      const unsure = isOpen && again ? [keys.conversations, keys.orders, keys.everyMark, keys.everyUnread] : []
      for (const key of unsure) void queries.invalidateQueries({ queryKey: key })
    },
  }
}

/** Does it at once, then at most once in a while for each key. */
function gathered(run: (key: QueryKey) => void): (key: QueryKey) => void {
  const waiting = new Map<string, boolean>()
  return function ask(key) {
    const name = JSON.stringify(key)
    if (waiting.has(name)) {
      waiting.set(name, true)
      return
    }
    waiting.set(name, false)
    run(key)
    setTimeout(() => {
      const isWanted = waiting.get(name)
      waiting.delete(name)
      if (isWanted) ask(key)
    }, gatherMs)
  }
}
