import { describe, expect, it } from 'vitest'
import { append, emptyLog, logOf, prepend } from './streamLog'
import type { Entry } from './wire'

const entry = (seq: number, type = 'message', data: Entry['data'] = { text: `text ${seq}` }): Entry => ({
  seq,
  id: `id-${seq}`,
  type,
  author: null,
  at: '2026-01-01T00:00:00Z',
  data,
})

const seqs = (log: { entries: readonly Entry[] }) => log.entries.map((each) => each.seq)

describe('append', () => {
  it('takes what follows, passes over what it has, and stops before a hole', () => {
    const log = append(emptyLog(), [entry(1), entry(2)])
    expect(seqs(append(log, [entry(2), entry(3), entry(5)]))).toEqual([1, 2, 3])
    expect(append(log, [entry(1), entry(4)])).toBe(log)
  })

  it('begins anywhere', () => {
    const log = logOf([entry(41), entry(42)], 42)
    expect(log).toMatchObject({ before: 40, last: 42 })
    expect(seqs(append(log, [entry(43)]))).toEqual([41, 42, 43])
    expect(logOf([], 7)).toMatchObject({ before: 7, last: 7 })
  })

  it('shows an edited message as it reads now', () => {
    const log = append(emptyLog(), [entry(1), entry(2, 'edit', { seq: 1, text: 'better' })])
    expect(log.entries[0]?.data).toEqual({ text: 'better', edited: true })
  })

  it('empties a deleted message and its earlier edits, and keeps their places', () => {
    const log = append(emptyLog(), [
      entry(1),
      entry(2, 'edit', { seq: 1, text: 'better' }),
      entry(3),
      entry(4, 'delete', { seq: 1 }),
    ])
    expect(log.entries.map((each) => each.data)).toEqual([null, null, { text: 'text 3' }, { seq: 1 }])
    expect(seqs(log)).toEqual([1, 2, 3, 4])
  })

  it('leaves the edits of others alone, and those of messages it does not hold', () => {
    const log = append(emptyLog(10), [
      entry(11),
      entry(12, 'edit', { seq: 3, text: 'far away' }),
      entry(13, 'edit', { seq: 11, text: 'near' }),
      entry(14, 'delete', { seq: 3 }),
    ])
    expect(log.entries.map((each) => each.data)).toEqual([
      { text: 'near', edited: true },
      null,
      { seq: 11, text: 'near' },
      { seq: 3 },
    ])
  })

  it('never changes what it was given', () => {
    const before = append(emptyLog(), [entry(1)])
    append(before, [entry(2, 'delete', { seq: 1 })])
    expect(before.entries[0]?.data).toEqual({ text: 'text 1' })
  })
})

describe('prepend', () => {
  it('puts a page before, and applies what has happened to it since', () => {
    const log = append(emptyLog(2), [entry(3), entry(4, 'edit', { seq: 1, text: 'new' })])
    const whole = prepend(log, [entry(1), entry(2)])
    expect(seqs(whole)).toEqual([1, 2, 3, 4])
    expect(whole.entries[0]?.data).toEqual({ text: 'new', edited: true })
    expect(whole.before).toBe(0)
  })

  it('refuses a page that would leave a hole', () => {
    const log = append(emptyLog(4), [entry(5)])
    expect(prepend(log, [entry(1), entry(2)])).toBe(log)
    expect(prepend(log, [entry(2), entry(4)])).toBe(log)
    expect(seqs(prepend(log, [entry(3), entry(4), entry(5)]))).toEqual([3, 4, 5])
  })
})
