export type Locale = 'ar' | 'en'

const storageKey = 'souk.locale'

export const isLocale = (value: unknown): value is Locale => value === 'ar' || value === 'en'

const directionOf = (locale: Locale): 'rtl' | 'ltr' => (locale === 'ar' ? 'rtl' : 'ltr')

/**
 * The tag for Intl. Arabic is written with Latin digits everywhere: prices, order numbers and phone numbers
 * then look the same on the page, in a bank's app and on a parcel.
 */
export const languageTag = (locale: Locale): string =>
  locale === 'ar' ? 'ar-u-ca-gregory-nu-latn' : 'en-u-ca-gregory-nu-latn'

/** The reader's own choice, else the first language of the browser that the shop speaks, else English. */
export function initialLocale(
  storage: Storage = localStorage,
  languages: readonly string[] = navigator.languages,
): Locale {
  const chosen = storage.getItem(storageKey)
  if (isLocale(chosen)) return chosen
  const spoken = languages.map((language) => language.slice(0, 2).toLowerCase()).find(isLocale)
  return spoken ?? 'en'
}

let current: Locale | null = null

/** For the API client, which stands outside React: the language to ask the server for. */
export function currentLocale(): Locale {
  current ??= initialLocale()
  return current
}

export function applyLocale(locale: Locale): void {
  current = locale
  document.documentElement.lang = locale
  document.documentElement.dir = directionOf(locale)
}

export const rememberLocale = (locale: Locale): void => localStorage.setItem(storageKey, locale)
