import { describe, expect, it } from 'vitest'
import { choicesOf, choose, firstChoice } from './variants'

const redSmall = { options: ['Red', 'S'], available: true }
const redLarge = { options: ['Red', 'L'], available: false }
const blueLarge = { options: ['Blue', 'L'], available: true }
const variants = [redLarge, redSmall, blueLarge]

describe('choosing a variant', () => {
  it('starts with one that can be bought', () => {
    expect(firstChoice(variants)).toBe(redSmall)
    expect(firstChoice([redLarge])).toBe(redLarge)
  })

  it('closes values that are sold out beside the options above', () => {
    const sizes = choicesOf(['S', 'L'], 1, ['Red', 'S'], variants)
    expect(sizes.map((size) => size.isPossible)).toEqual([true, false])
  })

  it('never closes the first option because of a later one', () => {
    const colours = choicesOf(['Red', 'Blue'], 0, ['Red', 'S'], variants)
    expect(colours.map((colour) => colour.isPossible)).toEqual([true, true])
  })

  it('moves the later options along when the first one changes', () => {
    expect(choose(variants, ['Red', 'S'], 0, 'Blue')).toBe(blueLarge)
    expect(choose(variants, ['Red', 'S'], 1, 'L')).toBeUndefined()
  })
})
