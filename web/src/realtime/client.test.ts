import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { calm, FakeServer, seeded } from './testing/fakeServer'
import { device, pair, settle } from './testing/setUp'

const chat = 'support:u'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

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
