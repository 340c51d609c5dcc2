import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { changeProfile } from '@/api/account'
import { sessionUser } from '@/api/session'
import { applyLocale, initialLocale, isLocale, rememberLocale } from '@/lib/locale'
import { queryClient } from '../queryClient'
import ar from './ar.json'
import en from './en.json'

/** Both languages are at hand from the start: a switch needs no network. */
export async function startTranslation(): Promise<void> {
  const locale = initialLocale()
  applyLocale(locale)
  await i18next.use(initReactI18next).init({
    resources: { ar: { translation: ar }, en: { translation: en } },
    lng: locale,
    fallbackLng: 'en',
    interpolation: { escapeValue: false },
  })
  i18next.on('languageChanged', follow)
}

/** Everything that speaks follows the reader's choice: the page, the server's answers, and the user's mails. */
function follow(language: string): void {
  if (!isLocale(language)) return
  applyLocale(language)
  rememberLocale(language)
  void askAgain()
  const user = sessionUser()
  // Not worth a message when it fails: the page has already changed, and the account page can set it again.
  if (user && user.locale !== language) void changeProfile({ locale: language }).catch(() => undefined)
}

/** A first answer that is still on its way is in the old language, and asking again would only wait for it: give it up. */
async function askAgain(): Promise<void> {
  await queryClient.cancelQueries({ predicate: (query) => query.state.data === undefined })
  await queryClient.invalidateQueries()
}
