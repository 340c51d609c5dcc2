import { describe, expect, it } from 'vitest'
import type { Product } from '@/api/types'
import type { CartLine } from './cart'
import { reviewCart } from './review'

const price = (amount: number) => ({ amount, currency: 'SAR' })

const line: CartLine = {
  variantId: 'v1',
  productId: 'p1',
  handle: 'lamp',
  title: 'Lamp',
  variantTitle: '',
  image: null,
  unitPrice: price(1000),
  quantity: 2,
}

const product = (change: { available?: boolean; amount?: number; variantId?: string }): Product => ({
  id: 'p1',
  handle: 'lamp',
  title: 'مصباح',
  descriptionHtml: '',
  translations: {},
  status: 'published',
  options: [],
  variants: [
    {
      id: change.variantId ?? 'v1',
      sku: '',
      title: '',
      options: [],
      price: price(change.amount ?? 1000),
      inventory: 'tracked',
      available: change.available ?? true,
    },
  ],
  images: [],
  tags: [],
  category: null,
  vendor: null,
  createdAt: '2026-01-01T00:00:00Z',
  updatedAt: '2026-01-01T00:00:00Z',
})

describe('reviewCart', () => {
  it('believes the cart until the shop has answered', () => {
    expect(reviewCart([line], () => undefined)).toEqual([{ ...line, state: 'ready', oldPrice: null }])
  })

  it('shows the new price beside the old one', () => {
    const [reviewed] = reviewCart([line], () => product({ amount: 1200 }))
    expect(reviewed).toMatchObject({ unitPrice: price(1200), oldPrice: price(1000), title: 'مصباح', state: 'ready' })
  })

  it('tells sold out from gone', () => {
    expect(reviewCart([line], () => product({ available: false }))[0]?.state).toBe('soldOut')
    expect(reviewCart([line], () => product({ variantId: 'v2' }))[0]?.state).toBe('gone')
    expect(reviewCart([line], () => null)[0]?.state).toBe('gone')
  })
})
