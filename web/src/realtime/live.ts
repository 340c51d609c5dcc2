/** The page's one live client, wired to its session, its storage and its query cache. */
import type { QueryClient } from '@tanstack/react-query'
import { onSessionUser, renewSession, tokenFor } from '../api/session'
import { readEntries } from '../api/streams'
import { randomUuid } from '../lib/randomId'
import { cacheObserver } from './cache'
import { LiveClient } from './client'
import type { ReadEntries } from './follower'
import { socketTransport } from './socketTransport'

let client: LiveClient | null = null

export function live(): LiveClient {
  if (!client) throw new Error('the live client is not started')
  return client
}

/** Makes no connection yet: that waits for a user, or for stock to watch. */
export function startLive(queries: QueryClient): void {
  const started = new LiveClient({
    transport: socketTransport(undefined, async () => (await import('socket.io-client')).io),
    tokens: {
      current: tokenFor,
      renew: async () => {
        await renewSession()
        return tokenFor(0)
      },
    },
    storage: localStorage,
    // The HTTP contract leaves open what an entry holds; it is what the stream's own schema says.
    readEntries: readEntries as ReadEntries,
    observer: cacheObserver(queries),
    newId: randomUuid,
  })
  client = started
  onSessionUser((user) => started.setUser(user?.id ?? null))
  window.addEventListener('online', () => started.nudge())
  window.addEventListener('offline', () => started.interrupt())
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && started.nudge())
}
