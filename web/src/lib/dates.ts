import { languageTag, type Locale } from './locale'

export function formatMoment(at: string, locale: Locale): string {
  return new Intl.DateTimeFormat(languageTag(locale), { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(at))
}

export function formatDay(at: string, locale: Locale): string {
  return new Intl.DateTimeFormat(languageTag(locale), { dateStyle: 'long' }).format(new Date(at))
}
