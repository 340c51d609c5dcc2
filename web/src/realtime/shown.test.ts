import { describe, expect, it } from 'vitest'
import type { Speaker } from '../lib/conversation'
import type { Unsent } from './outbox'
import { shownItems, type Perspective } from './shown'
import type { Entry } from './wire'

const sara: Speaker = { id: 'sara', name: 'Sara', role: 'customer' }
const omar: Speaker = { id: 'omar', name: 'Omar', role: 'staff' }

const entry = (seq: number, author: Speaker | null, type: string, data: Entry['data']): Entry => ({
  seq,
  id: `id-${seq}`,
  type,
  author,
  at: '2026-01-01T00:00:00Z',
  data,
})

const unsent = (id: string, type: Unsent['type'], data: Unsent['data'], more: Partial<Unsent> = {}): Unsent => ({
  id,
  stream: 'support:sara',
  type,
  data,
  at: '2026-01-01T00:00:01Z',
  state: 'waiting',
  order: 1,
  ...more,
})

const view: Perspective = { reader: sara, isOurs: (author) => author?.id === 'sara', seenUpTo: 1 }

describe('shownItems', () => {
  it('tells what was seen from what was only sent', () => {
    const entries = [entry(1, sara, 'message', { text: 'a' }), entry(2, omar, 'message', { text: 'b' })]
    const items = shownItems({ entries: [...entries, entry(3, sara, 'message', { text: 'c' })], unsent: [] }, view)
    expect(items.map((item) => item.kind === 'said' && [item.text, item.isMine, item.state])).toEqual([
      ['a', true, 'seen'],
      ['b', false, 'sent'],
      ['c', true, 'sent'],
    ])
  })

  it('puts what is on its way at the end, and shows changes as done', () => {
    const entries = [entry(1, sara, 'message', { text: 'a' }), entry(2, sara, 'message', { text: 'b' })]
    const items = shownItems(
      {
        entries,
        unsent: [
          unsent('e', 'edit', { seq: 1, text: 'A' }),
          unsent('d', 'delete', { seq: 2 }),
          unsent('m', 'message', { text: 'c' }),
          unsent('x', 'message', { text: 'd' }, { state: 'refused', code: 'forbidden' }),
        ],
      },
      view,
    )
    expect(items.map((item) => item.kind === 'said' && [item.key, item.text, item.state, item.problem])).toEqual([
      ['id-1', 'A', 'seen', null],
      ['id-2', null, 'sent', null],
      ['m', 'c', 'sending', null],
      ['x', 'd', 'failed', 'forbidden'],
    ])
  })

  it('leaves edits and deletions out, and keeps other happenings', () => {
    const entries = [
      entry(1, omar, 'status', { status: 'packed' }),
      entry(2, sara, 'edit', null),
      entry(3, sara, 'delete', { seq: 1 }),
      entry(4, omar, 'status', null),
    ]
    expect(shownItems({ entries, unsent: [] }, view).map((item) => item.key)).toEqual(['id-1'])
  })

  it('shows a refused change on the message it was for', () => {
    const items = shownItems(
      {
        entries: [entry(1, sara, 'message', { text: 'a' })],
        unsent: [unsent('e', 'edit', { seq: 1, text: 'A' }, { state: 'refused', code: 'message_deleted' })],
      },
      view,
    )
    expect(items[0]).toMatchObject({ text: 'a', state: 'failed', unsentId: 'e', problem: 'message_deleted' })
  })
})
