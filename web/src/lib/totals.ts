import { sum, times, zero, type Money } from './money'

export interface PricedLine {
  quantity: number
  unitPrice: Money
}

export interface Charges {
  currency: string
  shipping: { fee: Money; freeOver?: Money | null }
  tax: { rateBasisPoints: number; inclusive: boolean }
}

export interface Totals {
  subtotal: Money
  shipping: Money
  tax: Money
  total: Money
  /** What is still missing to free shipping; null when it is free already or never is. */
  toFreeShipping: Money | null
}

const wholeRate = 10_000

/**
 * What the server will charge, worked out ahead of it so that the buyer sees it and can send it as `expectedTotal`.
 * Tax is on goods and shipping together; an inclusive tax is a part of the total, never added to it.
 */
export function totalsOf(lines: PricedLine[], charges: Charges): Totals {
  const { currency, shipping: rule, tax: rate } = charges
  const subtotal = sum(
    lines.map((line) => times(line.unitPrice, line.quantity)),
    currency,
  )
  const isFree = lines.length === 0 || (rule.freeOver != null && subtotal.amount >= rule.freeOver.amount)
  const shipping = isFree ? zero(currency) : rule.fee
  const taxed = subtotal.amount + shipping.amount
  const taxAmount = rate.inclusive
    ? divideRounded(taxed * rate.rateBasisPoints, wholeRate + rate.rateBasisPoints)
    : divideRounded(taxed * rate.rateBasisPoints, wholeRate)
  return {
    subtotal,
    shipping,
    tax: { amount: taxAmount, currency },
    total: { amount: rate.inclusive ? taxed : taxed + taxAmount, currency },
    toFreeShipping:
      isFree || rule.freeOver == null ? null : { amount: rule.freeOver.amount - subtotal.amount, currency },
  }
}

// Half up, in whole numbers only.
function divideRounded(numerator: number, denominator: number): number {
  return Math.floor((numerator * 2 + denominator) / (denominator * 2))
}
