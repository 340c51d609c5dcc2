import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import ar from './ar.json'
import en from './en.json'

type Tree = { [key: string]: string | Tree }

function flatten(tree: Tree, prefix = ''): Map<string, string> {
  return new Map(
    Object.entries(tree).flatMap(([key, value]) =>
      typeof value === 'string' ? [[prefix + key, value] as const] : [...flatten(value, `${prefix}${key}.`)],
    ),
  )
}

const texts = { ar: flatten(ar), en: flatten(en) }
const suffix = /_(zero|one|two|few|many|other)$/
// Only what has an `_other` form is counted: a key may end in one of these words by chance.
const isPlural = (key: string) => suffix.test(key) && texts.ar.has(key.replace(suffix, '_other'))
const baseOf = (key: string) => (isPlural(key) ? key.replace(suffix, '') : key)
const baseKeys = (keys: Iterable<string>) => [...new Set([...keys].map(baseOf))].sort()

const sources = fileURLToPath(new URL('../../', import.meta.url))
const code = readdirSync(sources, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path) && !/\.(test|gen)\.ts$/.test(path))
  .map((path) => readFileSync(sources + path, 'utf8'))
  .join('\n')

describe('translations', () => {
  it('say the same things in both languages', () => {
    expect(baseKeys(texts.ar.keys())).toEqual(baseKeys(texts.en.keys()))
  })

  it.each(['ar', 'en'] as const)('have every plural form of %s', (language) => {
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories
    const counted = [...texts.en.keys(), ...texts.ar.keys()].filter(isPlural)
    const wanted = baseKeys(counted).flatMap((key) => forms.map((form) => `${key}_${form}`))
    expect(wanted.filter((key) => !texts[language].has(key))).toEqual([])
  })

  it('leave no text empty, and name the same values', () => {
    const values = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).sort()
    for (const [key, text] of texts.en) {
      expect(text, key).not.toBe('')
      if (!isPlural(key)) expect(values(texts.ar.get(key) ?? ''), key).toEqual(values(text))
    }
  })

  it('exist for every text that the code asks for', () => {
    const asked = [...code.matchAll(/\bt\(\s*'([\w.]+)'/g)].flatMap((match) => match[1] ?? [])
    const known = new Set(baseKeys(texts.en.keys()))
    expect([...new Set(asked)].filter((key) => !known.has(key))).toEqual([])
  })

  it('hold no text that nobody asks for', () => {
    const families = [...code.matchAll(/`([\w.]+\.)\$\{/g)].flatMap((match) => match[1] ?? [])
    const isAsked = (key: string) => code.includes(`'${key}'`) || families.some((family) => key.startsWith(family))
    expect(baseKeys(texts.en.keys()).filter((key) => !isAsked(key))).toEqual([])
  })
})
