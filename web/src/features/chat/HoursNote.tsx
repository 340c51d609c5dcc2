import { useTranslation } from 'react-i18next'
import { useShop } from '@/api/shop'
import { nextOpening } from './hours'
import { useLocale } from '@/lib/useLocale'
import { languageTag } from '@/lib/locale'

/** Whether somebody answers now, and if not, when. */
export function HoursNote() {
  const { t } = useTranslation()
  const locale = useLocale()
  const { support } = useShop()
  if (support.open) return <p className="small chat-open">{t('chat.weAreHere')}</p>
  const opening = nextOpening(support.hours, support.timeZone, new Date())
  if (!opening) return <p className="small muted">{t('chat.closed')}</p>
  const format = new Intl.DateTimeFormat(languageTag(locale), { weekday: 'long', hour: 'numeric', minute: '2-digit' })
  return <p className="small muted">{t('chat.closedUntil', { when: format.format(opening) })}</p>
}
