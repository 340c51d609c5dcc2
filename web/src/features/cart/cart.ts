/** What the buyer means to buy. Pure: it knows neither where the cart is kept nor what is really in stock. */
import type { Money } from '@/lib/money'
import { isRecord } from '@/lib/storedJson'

export interface CartLine {
  variantId: string
  productId: string
  handle: string
  title: string
  variantTitle: string
  image: string | null
  /** The price the buyer last saw and took for granted. */
  unitPrice: Money
  quantity: number
}

export type Cart = readonly CartLine[]

/** The server's own limits for one order. */
export const mostLines = 100
export const mostOfOne = 10_000

const within = (quantity: number): number => Math.min(Math.max(Math.trunc(quantity), 1), mostOfOne)

export function addLine(cart: Cart, added: CartLine): Cart {
  const known = cart.find((line) => line.variantId === added.variantId)
  if (!known) return cart.length < mostLines ? [...cart, { ...added, quantity: within(added.quantity) }] : cart
  const merged = { ...added, quantity: within(known.quantity + added.quantity) }
  return cart.map((line) => (line === known ? merged : line))
}

export const setQuantity = (cart: Cart, variantId: string, quantity: number): Cart =>
  cart.map((line) => (line.variantId === variantId ? { ...line, quantity: within(quantity) } : line))

export const removeLine = (cart: Cart, variantId: string): Cart => cart.filter((line) => line.variantId !== variantId)

/** Puts a removed line back where it was. */
export function restoreLine(cart: Cart, line: CartLine, position: number): Cart {
  if (cart.some((each) => each.variantId === line.variantId)) return cart
  return [...cart.slice(0, position), line, ...cart.slice(position)]
}

/** Takes each short line down to what is left; a line of which nothing is left goes. */
export function fitToStock(cart: Cart, shortages: { variantId: string; left: number }[]): Cart {
  const leftOf = new Map(shortages.map(({ variantId, left }) => [variantId, left]))
  return cart.flatMap((line) => {
    const left = leftOf.get(line.variantId) ?? line.quantity
    return left > 0 ? [{ ...line, quantity: Math.min(line.quantity, left) }] : []
  })
}

export const acceptPrices = (cart: Cart, prices: ReadonlyMap<string, Money>): Cart =>
  cart.map((line) => ({ ...line, unitPrice: prices.get(line.variantId) ?? line.unitPrice }))

export const itemCount = (cart: Cart): number => cart.reduce((count, line) => count + line.quantity, 0)

export const isCart = (value: unknown): value is Cart => Array.isArray(value) && value.every(isLine)

const isLine = (value: unknown): value is CartLine =>
  isRecord(value) &&
  ['variantId', 'productId', 'handle', 'title', 'variantTitle'].every((key) => typeof value[key] === 'string') &&
  isRecord(value['unitPrice']) &&
  typeof value['unitPrice']['amount'] === 'number' &&
  Number.isInteger(value['quantity'])
