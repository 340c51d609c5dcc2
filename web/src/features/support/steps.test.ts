import { describe, expect, it } from 'vitest'
import type { Happened, Speaker } from '@/lib/conversation'
import { stepAt } from './steps'

const sara: Speaker = { id: 'sara', name: 'Sara', role: 'staff' }
const omar = { id: 'omar', name: 'Omar' }

const change = (key: string, status: string, assignee: unknown): Happened => ({
  kind: 'happened',
  key,
  at: '',
  type: 'conversation',
  author: sara,
  data: { status, assignee },
})

describe('stepAt', () => {
  it('tells what became of the conversation', () => {
    const items = [
      change('1', 'open', { id: 'sara', name: 'Sara' }),
      change('2', 'open', omar),
      change('3', 'open', null),
      change('4', 'closed', null),
      change('5', 'open', omar),
    ]
    expect(items.map((item) => stepAt(items, item)?.kind)).toEqual([
      'taken',
      'handedOver',
      'putBack',
      'closed',
      'reopened',
    ])
    expect(items.map((item) => stepAt(items, item)?.to)).toEqual(['Sara', 'Omar', '', '', 'Omar'])
  })

  it('passes over anything else', () => {
    const other: Happened = { ...change('1', 'placed', null), type: 'status' }
    expect(stepAt([other], other)).toBeNull()
  })
})
