import { describe, expect, it } from 'vitest'
import { markMoved, unreadAfter, unreadRead } from './cachePatches'
import { withStock } from './stockNews'
import type { Entry } from './wire'

const entry = (seq: number, type = 'message'): Entry => ({ seq, id: `${seq}`, type, author: null, at: '', data: {} })

describe('read marks', () => {
  it('only move forward', () => {
    const marks = { items: [{ userId: 'a', seq: 5 }] }
    expect(markMoved('a', 4)(marks)).toBe(marks)
    expect(markMoved('a', 6)(marks)?.items).toEqual([{ userId: 'a', seq: 6 }])
    expect(markMoved('b', 1)(marks)?.items).toHaveLength(2)
    expect(markMoved('a', 1)(undefined)).toBeUndefined()
  })
})

describe('unread', () => {
  const state = { stream: 'support:u', head: 4, read: 2, unread: 2 }

  it('counts what is said, once', () => {
    const next = unreadAfter('support:u', [entry(4), entry(5), entry(6, 'conversation')])(state)
    expect(next).toEqual({ ...state, head: 6, unread: 3 })
    expect(unreadAfter('support:u', [entry(5)])(next)).toBe(next)
  })

  it('counts everything in the shop’s own stream, to a hundred', () => {
    const many = Array.from({ length: 200 }, (_, index) => entry(5 + index, 'order_placed'))
    expect(unreadAfter('store', many)({ ...state, stream: 'store' })?.unread).toBe(100)
  })

  it('is nothing once all is read', () => {
    expect(unreadRead(4)(state)?.unread).toBe(0)
    expect(unreadRead(3)(state)?.unread).toBe(1)
    expect(unreadRead(2)(state)).toBe(state)
  })
})

describe('stock news', () => {
  const product = (id: string) => ({
    handle: id,
    variants: [
      { id: `${id}-1`, available: true },
      { id: `${id}-2`, available: true },
    ],
  })

  it('reaches a product and the lists it is in', () => {
    const news = new Map([['p-2', false]])
    expect(withStock(product('p'), news).variants.map((variant) => variant.available)).toEqual([true, false])
    const list = { pages: [{ items: [product('o'), product('p')] }], pageParams: [] }
    const next = withStock(list, news)
    expect(next.pages[0]?.items[1]?.variants[1]?.available).toBe(false)
    expect(next.pages[0]?.items[0]).toBe(list.pages[0]?.items[0])
  })

  it('leaves alone what it does not touch', () => {
    const cached = product('p')
    expect(withStock(cached, new Map([['other', false]]))).toBe(cached)
    expect(withStock(cached, new Map([['p-1', true]]))).toBe(cached)
    expect(withStock(undefined, new Map())).toBeUndefined()
  })
})
