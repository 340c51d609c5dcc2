import ar from '../../src/app/i18n/ar.json' with { type: 'json' }
import en from '../../src/app/i18n/en.json' with { type: 'json' }

export type Language = 'ar' | 'en'

type Tree = { [key: string]: string | Tree }

const texts: Record<Language, Tree> = { ar, en }

/** What the page says, by the key it is kept under. */
export function textOf(language: Language, key: string): string {
  const found = key
    .split('.')
    .reduce<string | Tree | undefined>(
      (tree, part) => (typeof tree === 'object' ? tree[part] : undefined),
      texts[language],
    )
  if (typeof found !== 'string') throw new Error(`no text ${key} in ${language}`)
  return found
}

/** The fixed beginning of a text that goes on with a value. */
export const startOf = (language: Language, key: string): string => textOf(language, key).split('{{')[0]?.trim() ?? ''
