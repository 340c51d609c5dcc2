import type { CannedReply } from '@/api/types'
import type { Locale } from '@/lib/locale'

const mostShown = 8

/** The text with the customer's name where it belongs; the gap closes when there is none. */
export const addressed = (text: string, name: string): string =>
  name === '' ? text.replaceAll(/\s*\{name\}/g, '') : text.replaceAll('{name}', () => name)

const folded = (text: string): string => text.toLocaleLowerCase()

/** Those whose title or text has every word of the search; the customer's language first, then by title. */
export function matchingReplies(replies: readonly CannedReply[], search: string, locale: Locale): CannedReply[] {
  const words = folded(search).split(/\s+/).filter(Boolean)
  const rank = (reply: CannedReply) => (reply.locale === locale ? 0 : reply.locale == null ? 1 : 2)
  return replies
    .filter((reply) => {
      const text = folded(`${reply.title} ${reply.text}`)
      return words.every((word) => text.includes(word))
    })
    .sort((a, b) => rank(a) - rank(b) || a.title.localeCompare(b.title))
    .slice(0, mostShown)
}
