import type { OpenHours } from '@/api/types'

const minuteMs = 60_000
const daysAhead = 8

/**
 * When the shop next answers, as a moment; null when it never does. Hours are on the shop's own clock, so each day's
 * opening is found by what that clock shows.
 */
export function nextOpening(hours: readonly OpenHours[], timeZone: string, now: Date): Date | null {
  for (let ahead = 0; ahead < daysAhead; ahead++) {
    const day = clockIn(timeZone, new Date(now.getTime() + ahead * 24 * 60 * minuteMs))
    const openings = hours
      .filter((each) => each.day === day.weekday)
      .map((each) => atClock(timeZone, day, each.from))
      .filter((opening) => opening.getTime() > now.getTime())
      .sort((a, b) => a.getTime() - b.getTime())
    if (openings[0]) return openings[0]
  }
  return null
}

interface Clock {
  year: number
  month: number
  day: number
  /** 1 is Monday. */
  weekday: number
}

const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

function partsIn(timeZone: string, moment: Date): Record<string, string> {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    weekday: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  })
  return Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, value]))
}

function clockIn(timeZone: string, moment: Date): Clock {
  const { year, month, day, weekday = '' } = partsIn(timeZone, moment)
  return { year: Number(year), month: Number(month), day: Number(day), weekday: weekdays.indexOf(weekday) + 1 }
}

/** The moment at which a clock there shows this time of that day. */
function atClock(timeZone: string, { year, month, day }: Clock, time: string): Date {
  const [hour = 0, minute = 0] = time.split(':').map(Number)
  const asIfUtc = Date.UTC(year, month - 1, day, hour, minute)
  const shown = partsIn(timeZone, new Date(asIfUtc))
  const shownAsUtc = Date.UTC(
    Number(shown['year']),
    Number(shown['month']) - 1,
    Number(shown['day']),
    Number(shown['hour']),
    Number(shown['minute']),
  )
  return new Date(asIfUtc - (shownAsUtc - asIfUtc))
}
