import { vi } from 'vitest'
import { LiveClient, type Observer, type StreamCopy } from '../client'
import type { TokenSource } from '../connection'
import { MemoryStorage } from '../memoryStorage'
import type { Storage } from '../outbox'
import type { Entry } from '../wire'
import { FakeServer, seeded } from './fakeServer'

export interface Device {
  client: LiveClient
  copies: Map<string, StreamCopy>
  arrived: Entry[]
  stock: unknown[]
  storage: Storage
}

const steadyToken: TokenSource = {
  current: () => Promise.resolve({ value: 'token', endsAt: Date.now() + 600_000 }),
  renew: () => Promise.resolve({ value: 'renewed', endsAt: Date.now() + 600_000 }),
}

/** A client of the fake server, with everything it told its observer. */
export function device(
  server: FakeServer,
  random: () => number,
  options: Partial<Device> & { tokens?: TokenSource } = {},
) {
  const { storage = new MemoryStorage(), tokens = steadyToken } = options
  const copies = new Map<string, StreamCopy>()
  const arrived: Entry[] = []
  const stock: unknown[] = []
  const nothing = () => undefined
  const observer: Observer = {
    copy: (stream, copy) => void copies.set(stream, copy),
    arrived: (_, entries) => void arrived.push(...entries),
    stock: (event) => void stock.push(event),
    read: nothing,
    ownRead: nothing,
    typing: nothing,
    presence: nothing,
    connected: nothing,
  }
  const client = new LiveClient({
    transport: server.transport,
    tokens,
    storage,
    readEntries: server.readEntries,
    observer,
    newId: () => crypto.randomUUID(),
    random,
  })
  return { client, copies, arrived, stock, storage } satisfies Device
}

/** Lets timers run, faked ones, for so long. */
export const settle = (ms = 2000) => vi.advanceTimersByTimeAsync(ms)

/** A server, and one client of it that belongs to a user. */
export function pair(seed = 1) {
  const random = seeded(seed)
  const server = new FakeServer(random)
  const mine = device(server, random)
  mine.client.setUser('u')
  return { server, random, ...mine }
}
