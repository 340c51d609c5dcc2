import type { Product, Variant } from '@/api/types'

type Sold = Pick<Variant, 'options' | 'available'>

export interface ValueChoice {
  value: string
  isSelected: boolean
  /** False when nothing that can be bought has this value beside the ones chosen in the options above it. */
  isPossible: boolean
}

const matches = (variant: Sold, chosen: readonly string[]): boolean =>
  chosen.every((value, index) => variant.options[index] === value)

export const isSoldOut = (product: Pick<Product, 'variants'>): boolean =>
  product.variants.every((variant) => !variant.available)

/** The variant to show first: one that can be bought, if there is any. */
export const firstChoice = <V extends Sold>(variants: V[]): V | undefined =>
  variants.find((variant) => variant.available) ?? variants[0]

/**
 * Only the options above limit a value, so that a buyer can always walk from the first option down and never
 * gets stuck in a combination from which every way is closed.
 */
export function choicesOf(
  values: string[],
  optionIndex: number,
  selected: readonly string[],
  variants: Sold[],
): ValueChoice[] {
  const above = selected.slice(0, optionIndex)
  return values.map((value) => ({
    value,
    isSelected: selected[optionIndex] === value,
    isPossible: variants.some((variant) => variant.available && matches(variant, [...above, value])),
  }))
}

/** The variant after choosing `value`: as near as possible to what was selected before. */
export function choose<V extends Sold>(
  variants: V[],
  selected: readonly string[],
  optionIndex: number,
  value: string,
): V | undefined {
  const wanted = selected.map((old, index) => (index === optionIndex ? value : old))
  const exact = variants.find((variant) => variant.available && matches(variant, wanted))
  const prefix = wanted.slice(0, optionIndex + 1)
  return exact ?? variants.find((variant) => variant.available && matches(variant, prefix))
}

/** A product of one kind has options in name only; there is nothing to choose. */
export const hasChoices = (product: Pick<Product, 'variants' | 'options'>): boolean =>
  product.variants.length > 1 && product.options.length > 0
