import { useTranslation } from 'react-i18next'
import { useShopName } from '@/ui/ShopContext'

export function Welcome() {
  const { t } = useTranslation()
  const shop = useShopName()
  return (
    <>
      <p>
        <strong>{t('chat.hello', { shop })}</strong>
      </p>
      <p>{t('chat.helloHint')}</p>
    </>
  )
}
