import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeServer, seeded } from './testing/fakeServer'
import { device, pair, settle } from './testing/setUp'

const chat = 'support:u'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('posts', () => {
  it('are shown at once, sent in order, and confirmed by their entry', async () => {
    const { server, client, copies } = pair()
    client.follow(chat)
    await settle()
    for (const text of ['a', 'b', 'c']) client.post(chat, 'message', { text })
    expect(copies.get(chat)?.unsent.map((item) => item.data['text'])).toEqual(['a', 'b', 'c'])
    await settle()
    expect(copies.get(chat)?.unsent).toEqual([])
    expect(server.shown(chat).map((entry) => (entry.data as { text: string }).text)).toEqual(['a', 'b', 'c'])
  })

  it('survive a reload and are then sent with the same id', async () => {
    const { server, client, storage, random } = pair()
    server.isAway = true
    await settle()
    server.cutAll()
    const ids = ['one', 'two'].map((text) => client.post(chat, 'message', { text }))
    client.close()
    server.isAway = false
    const next = device(server, random, { storage })
    next.client.setUser('u')
    await settle(20_000)
    expect(server.shown(chat).map((entry) => entry.id)).toEqual(ids)
    expect(storage.length).toBe(0)
  })

  it('are never sent in the name of the next user', async () => {
    const { server, client, storage } = pair()
    server.refusePost = () => ({ code: 'rate_limited', retryAfterMs: 500 })
    await settle()
    client.post(chat, 'message', { text: 'mine' })
    await settle(200)
    client.setUser('other')
    server.refusePost = null
    await settle(20_000)
    expect(server.shown(chat)).toEqual([])
    expect(storage.length).toBe(1)
    client.setUser('u')
    await settle(20_000)
    expect(server.shown(chat)).toHaveLength(1)
  })

  it('wait when told to, and show a refusal that can be tried again or dropped', async () => {
    const { server, client, copies } = pair()
    client.follow(chat)
    await settle()
    let asked = 0
    server.refusePost = () => (++asked < 3 ? { code: 'rate_limited', retryAfterMs: 100 } : { code: 'forbidden' })
    const id = client.post(chat, 'message', { text: 'no' })
    await settle(5000)
    expect(copies.get(chat)?.unsent[0]).toMatchObject({ state: 'refused', code: 'forbidden' })
    server.refusePost = null
    client.retry(chat, id)
    await settle()
    expect(copies.get(chat)?.unsent).toEqual([])
    expect(server.shown(chat)).toHaveLength(1)

    server.refusePost = () => ({ code: 'forbidden' })
    const second = client.post(chat, 'message', { text: 'no' })
    await settle()
    client.dropUnsent(second)
    expect(copies.get(chat)?.unsent).toEqual([])
  })
})

describe('beside the streams', () => {
  it('says its read marks again after a break, and only the furthest', async () => {
    const { server, client } = pair()
    await settle()
    server.isAway = true
    server.cutAll()
    client.read(chat, 3)
    client.read(chat, 5)
    client.read(chat, 4)
    server.isAway = false
    await settle(30_000)
    expect(server.marks.get(chat)).toBe(5)
  })

  it('watches each product once, and tells the set anew after a break', async () => {
    const random = seeded(3)
    const server = new FakeServer(random)
    const { client } = device(server, random, {
      tokens: { current: () => Promise.resolve(null), renew: () => Promise.resolve(null) },
    })
    await settle()
    expect(server.connections).toBe(0)
    const stopList = client.watch(['p', 'q'])
    const stopPage = client.watch(['p'])
    await settle()
    stopList()
    await settle()
    server.cutAll()
    await settle(20_000)
    expect(server.watched.map((ids) => [...ids].sort())).toEqual([['p', 'q'], ['p'], ['p']])
    stopPage()
    await settle(60_000)
    expect(server.connections).toBe(2)
  })
})
