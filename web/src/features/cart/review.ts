import type { Product } from '@/api/types'
import { sameMoney, type Money } from '@/lib/money'
import type { Cart, CartLine } from './cart'

export interface ReviewedLine extends CartLine {
  /** `gone`: no longer sold at all. */
  state: 'ready' | 'soldOut' | 'gone'
  /** The price the buyer saw before, when it has changed since. */
  oldPrice: Money | null
}

/** What the shop says now about one product: `undefined` while it has not answered, `null` when it no longer sells it. */
export type Answer = Product | null | undefined

/** Lays the cart beside what the shop says now: today's words, prices and stock. */
export function reviewCart(cart: Cart, answerFor: (productId: string) => Answer): ReviewedLine[] {
  return cart.map((line) => {
    const product = answerFor(line.productId)
    if (product === undefined) return { ...line, state: 'ready', oldPrice: null }
    const variant = product?.variants.find((each) => each.id === line.variantId)
    if (!product || !variant) return { ...line, state: 'gone', oldPrice: null }
    return {
      ...line,
      handle: product.handle,
      title: product.title,
      variantTitle: product.options.length > 0 && product.variants.length > 1 ? variant.title : '',
      image: product.images[0]?.url ?? null,
      unitPrice: variant.price,
      state: variant.available ? 'ready' : 'soldOut',
      oldPrice: sameMoney(variant.price, line.unitPrice) ? null : line.unitPrice,
    }
  })
}
