import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Token } from './connection'
import { FakeServer, seeded } from './testing/fakeServer'
import { device, settle } from './testing/setUp'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const lifeMs = 600_000

function setUp() {
  const random = seeded(5)
  const server = new FakeServer(random)
  let count = 0
  const asked: string[] = []
  const fresh = (): Token => ({ value: `token-${++count}`, endsAt: Date.now() + lifeMs })
  let token = fresh()
  const tokens = {
    current: (minLifeMs: number) => {
      asked.push('current')
      if (token.endsAt - Date.now() < minLifeMs) token = fresh()
      return Promise.resolve(token)
    },
    renew: () => {
      asked.push('renew')
      token = fresh()
      return Promise.resolve(token)
    },
  }
  const mine = device(server, random, { tokens })
  return { server, asked, tokens, current: () => token.value, ...mine }
}

describe('the connection', () => {
  it('is made once somebody is there, and ended with them', async () => {
    const { server, client } = setUp()
    await settle()
    expect(server.connections).toBe(0)
    client.setUser('u')
    await settle()
    expect(server.connections).toBe(1)
    client.setUser(null)
    await settle(60_000)
    expect(server.connections).toBe(1)
  })

  it('comes back with a new token after the server ended it', async () => {
    const { server, client, asked } = setUp()
    client.setUser('u')
    await settle()
    server.cutAll('ended')
    await settle(5000)
    expect(asked.filter((what) => what === 'renew')).toHaveLength(1)
    expect(server.connections).toBe(2)
  })

  it('renews a token that the server calls expired', async () => {
    const { server, client, asked } = setUp()
    server.refuseToken = 'token-1'
    client.setUser('u')
    await settle(10_000)
    expect(asked).toEqual(['current', 'renew'])
    expect(server.connections).toBe(2)
  })

  it('renews on the open connection, when told and before the end', async () => {
    const { server, client, current } = setUp()
    client.setUser('u')
    await settle()
    server.tellAll({ name: 'expiring', payload: { inSeconds: lifeMs / 1000 } })
    await settle()
    expect(current()).toBe('token-2')
    await settle(lifeMs * 0.8)
    expect(current()).toBe('token-3')
    expect(server.connections).toBe(1)
  })

  it('waits longer after each failure, and not at all when nudged', async () => {
    const { server, client } = setUp()
    server.isAway = true
    client.setUser('u')
    await settle(120_000)
    expect(server.connections).toBeGreaterThan(8)
    expect(server.connections).toBeLessThan(25)
    const before = server.connections
    server.isAway = false
    client.nudge()
    await settle(100)
    expect(server.connections).toBe(before + 1)
    client.nudge()
    await settle(100)
    expect(server.connections).toBe(before + 1)
  })

  it('tries again when the token cannot be had yet', async () => {
    const { server, client, tokens } = setUp()
    const whole = tokens.current
    tokens.current = () => Promise.reject(new Error('away'))
    client.setUser('u')
    await settle()
    expect(server.connections).toBe(0)
    tokens.current = whole
    await settle(30_000)
    expect(server.connections).toBe(1)
  })
})
