import { describe, expect, it } from 'vitest'
import { languageTag } from './locale'
import { formatMoney, sum, times } from './money'

const plain = (text: string) => text.replace(/[\u200e\u200f\u061c]/g, '').replace(/\u00a0/g, ' ')

describe('formatMoney', () => {
  it('puts the point where the currency wants it', () => {
    expect(plain(formatMoney({ amount: 125050, currency: 'SAR' }, 2, 'en'))).toBe('SAR 1,250.50')
    expect(plain(formatMoney({ amount: 1250, currency: 'KWD' }, 3, 'en'))).toBe('KWD 1.250')
    expect(plain(formatMoney({ amount: 1250, currency: 'JPY' }, 0, 'en'))).toBe('¥1,250')
  })

  it('keeps the leading zeros of small amounts, and the sign', () => {
    expect(plain(formatMoney({ amount: 5, currency: 'SAR' }, 2, 'en'))).toBe('SAR 0.05')
    expect(plain(formatMoney({ amount: -5, currency: 'SAR' }, 2, 'en'))).toContain('-')
  })

  it('writes Arabic prices with Latin digits', () => {
    const text = plain(formatMoney({ amount: 125050, currency: 'SAR' }, 2, languageTag('ar')))
    expect(text).toContain('1,250.50')
    expect(text).toContain('ر.س')
  })

  it('does not lose a unit of a large amount', () => {
    expect(plain(formatMoney({ amount: 9007199254740991, currency: 'SAR' }, 2, 'en'))).toBe('SAR 90,071,992,547,409.91')
  })
})

describe('arithmetic', () => {
  it('multiplies and adds in minor units', () => {
    const price = { amount: 1999, currency: 'SAR' }
    expect(sum([times(price, 3), price], 'SAR')).toEqual({ amount: 7996, currency: 'SAR' })
  })
})
