import { describe, expect, it } from 'vitest'
import { nextOpening } from './hours'

const weekdays = [1, 2, 3, 4, 7].map((day) => ({ day, from: '09:00', to: '17:00' }))

describe('nextOpening', () => {
  it('is later today, before the shop opens', () => {
    // Monday, 07:00 in Riyadh.
    const now = new Date('2026-11-23T04:00:00Z')
    expect(nextOpening(weekdays, 'Asia/Riyadh', now)?.toISOString()).toBe('2026-11-23T06:00:00.000Z')
  })

  it('skips the days on which nobody answers', () => {
    // Thursday evening in Riyadh; Sunday is the next working day.
    const now = new Date('2026-11-26T18:00:00Z')
    expect(nextOpening(weekdays, 'Asia/Riyadh', now)?.toISOString()).toBe('2026-11-29T06:00:00.000Z')
  })

  it('comes back to the same day a week later', () => {
    const now = new Date('2026-11-23T15:00:00Z')
    const opening = nextOpening([{ day: 1, from: '09:00', to: '10:00' }], 'Asia/Riyadh', now)
    expect(opening?.toISOString()).toBe('2026-11-30T06:00:00.000Z')
  })

  it('knows that a clock may change on the way', () => {
    // New York leaves daylight saving time in the night to Sunday.
    const now = new Date('2026-10-31T22:00:00Z')
    const opening = nextOpening([{ day: 7, from: '09:00', to: '17:00' }], 'America/New_York', now)
    expect(opening?.toISOString()).toBe('2026-11-01T14:00:00.000Z')
  })

  it('is never without hours', () => {
    expect(nextOpening([], 'Asia/Riyadh', new Date())).toBeNull()
  })
})
