import { useTranslation } from 'react-i18next'
import { useLocale } from '@/lib/useLocale'
import { Icon } from '@/ui/Icon'

/** Names the other language in itself, so that whoever needs it can read it. The page stays where it is. */
export function LanguageSwitch() {
  const { i18n } = useTranslation()
  const other = useLocale() === 'ar' ? 'en' : 'ar'
  return (
    <button type="button" className="shell-button" lang={other} onClick={() => void i18n.changeLanguage(other)}>
      <Icon name="globe" />
      {other === 'ar' ? 'العربية' : 'English'}
    </button>
  )
}
