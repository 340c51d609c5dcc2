import { describe, expect, it } from 'vitest'
import type { Entry } from '@/api/types'
import { timelineOf } from './timeline'

const entry = (seq: number, type: string, data: unknown): Entry => ({
  seq,
  id: String(seq),
  type,
  author: null,
  at: `2026-01-0${seq}T00:00:00Z`,
  data,
})

describe('timelineOf', () => {
  it('shows what happened in order, then what is to come', () => {
    const entries = [entry(2, 'status', { status: 'packed' }), entry(1, 'status', { status: 'placed' })]
    const steps = timelineOf(entries, { status: 'packed', placedAt: '' })
    expect(steps.map((step) => (step.kind === 'status' ? step.status : step.payment))).toEqual([
      'placed',
      'packed',
      'shipped',
      'delivered',
    ])
    expect(steps.map((step) => step.at !== null)).toEqual([true, true, false, false])
  })

  it('promises nothing after a cancellation', () => {
    const entries = [
      entry(1, 'status', { status: 'placed' }),
      entry(2, 'status', { status: 'cancelled', reason: 'changed my mind' }),
    ]
    expect(timelineOf(entries, { status: 'cancelled', placedAt: '' })).toHaveLength(2)
  })

  it('passes over entries it does not know, and emptied ones', () => {
    const entries = [
      entry(1, 'message', { text: 'hello' }),
      entry(2, 'status', null),
      entry(3, 'payment', { status: 'paid' }),
    ]
    expect(timelineOf(entries, { status: 'delivered', placedAt: '' })).toEqual([
      { kind: 'payment', payment: 'paid', at: '2026-01-03T00:00:00Z' },
    ])
  })
})
