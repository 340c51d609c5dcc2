import { useTranslation } from 'react-i18next'
import mark from './souk.svg'
import './shell/shell.css'

/** Seen for the moment until the shop has said who it is. */
export function Splash() {
  const { t } = useTranslation()
  return (
    <div className="splash" role="status" aria-label={t('loading')}>
      <img src={mark} alt="" width={64} height={64} />
    </div>
  )
}
