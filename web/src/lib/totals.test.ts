import { describe, expect, it } from 'vitest'
import { totalsOf, type Charges } from './totals'

const sar = (amount: number) => ({ amount, currency: 'SAR' })
const charges = (inclusive: boolean): Charges => ({
  currency: 'SAR',
  shipping: { fee: sar(2500), freeOver: sar(30000) },
  tax: { rateBasisPoints: 1500, inclusive },
})

describe('totalsOf', () => {
  it('finds an inclusive tax inside the total', () => {
    const totals = totalsOf([{ quantity: 2, unitPrice: sar(4500) }], charges(true))
    expect(totals).toEqual({
      subtotal: sar(9000),
      shipping: sar(2500),
      tax: sar(1500),
      total: sar(11500),
      toFreeShipping: sar(21000),
    })
  })

  it('adds an exclusive tax', () => {
    const totals = totalsOf([{ quantity: 1, unitPrice: sar(10000) }], charges(false))
    expect(totals.tax).toEqual(sar(1875))
    expect(totals.total).toEqual(sar(14375))
  })

  it('ships free from the limit on', () => {
    const totals = totalsOf([{ quantity: 3, unitPrice: sar(10000) }], charges(true))
    expect(totals.shipping).toEqual(sar(0))
    expect(totals.toFreeShipping).toBeNull()
  })

  it('charges nothing for an empty cart', () => {
    expect(totalsOf([], charges(true)).total).toEqual(sar(0))
  })

  it('rounds half up', () => {
    expect(totalsOf([{ quantity: 1, unitPrice: sar(30010) }], charges(false)).tax).toEqual(sar(4502))
  })
})
