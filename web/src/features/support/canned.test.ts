import { describe, expect, it } from 'vitest'
import type { CannedReply } from '@/api/types'
import { addressed, matchingReplies } from './canned'

const reply = (title: string, text: string, locale: CannedReply['locale'] = null): CannedReply => ({
  id: title,
  title,
  text,
  locale,
})

const replies = [
  reply('Delivery', 'It comes in two days.', 'en'),
  reply('Any', 'We look into it: delivery'),
  reply('التوصيل', 'يصل خلال يومين.', 'ar'),
]

describe('matchingReplies', () => {
  it('puts the customer’s language first', () => {
    expect(matchingReplies(replies, '', 'ar').map((each) => each.title)).toEqual(['التوصيل', 'Any', 'Delivery'])
  })

  it('finds every word, in the title or the text', () => {
    expect(matchingReplies(replies, 'DELIVERY look', 'en').map((each) => each.title)).toEqual(['Any'])
    expect(matchingReplies(replies, 'nothing', 'en')).toEqual([])
  })
})

describe('addressed', () => {
  it('names the customer, or leaves no gap', () => {
    expect(addressed('Hello {name}, welcome', 'Sara $&')).toBe('Hello Sara $&, welcome')
    expect(addressed('Hello {name}, welcome', '')).toBe('Hello, welcome')
  })
})
