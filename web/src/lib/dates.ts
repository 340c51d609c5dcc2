import { languageTag, type Locale } from './locale'

// The month as a word: numbers alone are read day first by some and month first by others.
const moment = { day: 'numeric', month: 'short', year: 'numeric', hour: 'numeric', minute: '2-digit' } as const

export function formatMoment(at: string, locale: Locale): string {
  return new Intl.DateTimeFormat(languageTag(locale), moment).format(new Date(at))
}

export function formatDay(at: string, locale: Locale): string {
  return new Intl.DateTimeFormat(languageTag(locale), { dateStyle: 'long' }).format(new Date(at))
}

/** The day as people name it in a conversation. */
export function formatWeekday(at: string, locale: Locale): string {
  const date = new Date(at)
  const day = { weekday: 'long', day: 'numeric', month: 'long' } as const
  const isThisYear = date.getFullYear() === new Date().getFullYear()
  return new Intl.DateTimeFormat(languageTag(locale), isThisYear ? day : { ...day, year: 'numeric' }).format(date)
}

export function formatTime(at: string, locale: Locale): string {
  return new Intl.DateTimeFormat(languageTag(locale), { hour: 'numeric', minute: '2-digit' }).format(new Date(at))
}

const minuteMs = 60_000
const steps = [
  { unit: 'minute', ms: minuteMs, most: 60 },
  { unit: 'hour', ms: 60 * minuteMs, most: 24 },
  { unit: 'day', ms: 24 * 60 * minuteMs, most: Infinity },
] as const

/** How long ago, in the largest unit that fits: “5 minutes ago”, “yesterday”. */
export function formatAgo(at: string, now: number, locale: Locale): string {
  const format = new Intl.RelativeTimeFormat(languageTag(locale), { numeric: 'auto', style: 'short' })
  const passed = Math.max(now - new Date(at).getTime(), 0)
  const step = steps.find(({ ms, most }) => passed / ms < most) ?? steps[2]
  const count = Math.floor(passed / step.ms)
  return count === 0 ? format.format(0, 'second') : format.format(-count, step.unit)
}
