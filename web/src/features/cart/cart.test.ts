import { describe, expect, it } from 'vitest'
import {
  acceptPrices,
  addLine,
  fitToStock,
  isCart,
  itemCount,
  mostLines,
  mostOfOne,
  removeLine,
  restoreLine,
  setQuantity,
} from './cart'
import type { CartLine } from './cart'

const line = (variantId: string, quantity = 1): CartLine => ({
  variantId,
  productId: `p-${variantId}`,
  handle: variantId,
  title: variantId,
  variantTitle: '',
  image: null,
  unitPrice: { amount: 1000, currency: 'SAR' },
  quantity,
})

describe('the cart', () => {
  it('merges equal variants', () => {
    const cart = addLine(addLine([], line('a', 2)), line('a', 3))
    expect(cart).toEqual([line('a', 5)])
    expect(itemCount(cart)).toBe(5)
  })

  it('keeps within the limits of one order', () => {
    expect(addLine([line('a', mostOfOne)], line('a', 1))[0]?.quantity).toBe(mostOfOne)
    const full = Array.from({ length: mostLines }, (_, index) => line(String(index)))
    expect(addLine(full, line('new'))).toHaveLength(mostLines)
    expect(setQuantity([line('a')], 'a', -4)[0]?.quantity).toBe(1)
  })

  it('puts a removed line back in its place, once', () => {
    const cart = [line('a'), line('b'), line('c')]
    const restored = restoreLine(removeLine(cart, 'b'), line('b'), 1)
    expect(restored).toEqual(cart)
    expect(restoreLine(restored, line('b'), 0)).toBe(restored)
  })

  it('shrinks to what is left', () => {
    const fitted = fitToStock(
      [line('a', 5), line('b', 2), line('c', 1)],
      [
        { variantId: 'a', left: 3 },
        { variantId: 'b', left: 0 },
      ],
    )
    expect(fitted).toEqual([line('a', 3), line('c', 1)])
  })

  it('takes over new prices', () => {
    const now = { amount: 900, currency: 'SAR' }
    expect(acceptPrices([line('a')], new Map([['a', now]]))[0]?.unitPrice).toEqual(now)
  })

  it('knows a kept cart from anything else', () => {
    expect(isCart([line('a')])).toBe(true)
    expect(isCart([{ variantId: 'a' }])).toBe(false)
    expect(isCart('cart')).toBe(false)
  })
})
