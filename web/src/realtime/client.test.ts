import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { calm, FakeServer, seeded } from './testing/fakeServer'
import { device } from './testing/setUp'

const chat = 'support:u'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const settle = (ms = 2000) => vi.advanceTimersByTimeAsync(ms)

function pair(seed = 1) {
  const random = seeded(seed)
  const server = new FakeServer(random)
  const mine = device(server, random)
  mine.client.setUser('u')
  return { server, random, ...mine }
}

describe('a copy', () => {
  it('holds the last part, then what comes, then earlier pages', async () => {
    const { server, client, copies } = pair()
    for (let n = 1; n <= 120; n++) server.put(chat, 'message', { text: `${n}` })
    client.follow(chat)
    await settle()
    expect(copies.get(chat)).toMatchObject({ hasEarlier: true, isLive: true })
    expect(copies.get(chat)?.entries).toHaveLength(50)
    server.put(chat, 'message', { text: 'news' })
    expect(copies.get(chat)?.entries.at(-1)?.data).toEqual({ text: 'news' })
    for (let page = 0; page < 3; page++) {
      void client.loadEarlier(chat)
      await settle()
    }
    expect(copies.get(chat)?.entries).toEqual(server.shown(chat))
    expect(copies.get(chat)?.hasEarlier).toBe(false)
  })

  it('catches up after ten thousand entries', async () => {
    const { server, client, copies } = pair()
    server.put('order:o', 'status', { status: 'placed' })
    client.follow('order:o')
    await settle()
    server.isAway = true
    server.cutAll()
    for (let n = 0; n < 10_000; n++) server.put('order:o', 'message', { text: `${n}` })
    server.isAway = false
    await settle(120_000)
    expect(copies.get('order:o')?.entries).toEqual(server.shown('order:o'))
  })

  it('starts over when the server knows less than it', async () => {
    const { server, client, copies } = pair()
    for (let n = 1; n <= 9; n++) server.put(chat, 'message', { text: `${n}` })
    client.follow(chat)
    await settle()
    server.streams.set(chat, server.shown(chat).slice(0, 4))
    server.cutAll()
    await settle(20_000)
    expect(copies.get(chat)?.entries).toEqual(server.shown(chat))
    server.put(chat, 'message', { text: 'after' })
    expect(copies.get(chat)?.entries).toHaveLength(5)
  })

  it('notices a lost last entry by the head', async () => {
    const { server, client, copies } = pair()
    client.follow(chat)
    await settle()
    server.mischief = { ...calm, lose: 1 }
    server.put(chat, 'message', { text: 'unheard' })
    server.mischief = calm
    server.heads()
    await settle()
    expect(copies.get(chat)?.entries).toHaveLength(1)
  })

  it('is let go a while after the last one looked', async () => {
    const { server, client, arrived } = pair()
    const first = client.follow(chat)
    client.follow(chat)()
    await settle(10_000)
    server.put(chat, 'message', { text: 'still heard' })
    first()
    first()
    await settle(10_000)
    server.put(chat, 'message', { text: 'not heard' })
    await settle()
    expect(arrived).toHaveLength(1)
  })

  it('only hears a stream it listens to', async () => {
    const { server, client, arrived, copies } = pair()
    server.put(chat, 'message', { text: 'before' })
    const stop = client.listen(chat)
    await settle()
    server.put(chat, 'message', { text: 'now' })
    expect(arrived.map((entry) => entry.seq)).toEqual([2])
    server.cutAll()
    await settle(20_000)
    server.put(chat, 'message', { text: 'again' })
    stop()
    await settle(10_000)
    server.put(chat, 'message', { text: 'too late' })
    expect(arrived.map((entry) => entry.seq)).toEqual([2, 3])
    expect(copies.has(chat)).toBe(false)
  })
})

describe('a limit of the server', () => {
  it('is waited for, whatever was asked', async () => {
    const { server, client, copies, arrived } = pair()
    server.mischief = { ...calm, limit: 1 }
    client.follow(chat)
    client.listen('support:a')
    client.listen('support:b')
    client.watch(['p'])
    client.read(chat, 1)
    client.post(chat, 'message', { text: 'patient' })
    await settle()
    expect(server.shown(chat)).toEqual([])
    server.mischief = calm
    await settle()
    expect(copies.get(chat)).toMatchObject({ isLive: true, unsent: [], entries: server.shown(chat) })
    expect(server.shown(chat)).toHaveLength(1)
    expect(server.watched).toEqual([['p']])
    expect(server.marks.get(chat)).toBe(1)
    for (const stream of ['support:a', 'support:b']) server.put(stream, 'message', { text: 'heard' })
    expect(arrived.slice(-2)).toHaveLength(2)
  })
})

describe('whatever the network does', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed + 1))(
    'copies end the same and whole (seed %i)',
    async (seed) => {
      const random = seeded(seed)
      const server = new FakeServer(random)
      const people = [device(server, random), device(server, random)]
      const streams = ['order:o', chat]
      for (const { client } of people) {
        client.setUser('u')
        streams.forEach((stream) => client.follow(stream))
      }
      await settle()
      server.mischief = { lose: 0.2, repeat: 0.2, delay: 0.3, cut: 0.1, limit: 0.1 }
      const said: string[] = []
      for (let step = 0; step < 80; step++) {
        const stream = streams[Math.floor(random() * streams.length)] ?? chat
        const act = random()
        const someone = people[Math.floor(random() * people.length)]
        const held = server.shown(stream).filter((entry) => entry.type === 'message' && entry.data !== null)
        const target = held[Math.floor(random() * held.length)]
        if (act < 0.5) said.push(someone?.client.post(stream, 'message', { text: `${step}` }) ?? '')
        else if (act < 0.6 && target) server.put(stream, 'edit', { seq: target.seq, text: `edited ${step}` })
        else if (act < 0.66 && target) server.put(stream, 'delete', { seq: target.seq })
        else if (act < 0.72) server.cutAll(random() < 0.5 ? 'lost' : 'ended')
        else if (act < 0.75) server.isAway = !server.isAway
        else if (act < 0.8) server.heads()
        await settle(random() * 120)
      }
      server.mischief = calm
      server.isAway = false
      await settle(60_000)
      server.heads()
      await settle(10_000)
      for (const { copies } of people) {
        for (const stream of streams) {
          expect(copies.get(stream)?.entries).toEqual(server.shown(stream))
          expect(copies.get(stream)?.unsent).toEqual([])
        }
      }
      const ids = streams.flatMap((stream) => server.shown(stream).map((entry) => entry.id))
      expect(new Set(ids).size).toBe(ids.length)
      expect(said.filter((id) => !ids.includes(id))).toEqual([])
    },
  )
})

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
