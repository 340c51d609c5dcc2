import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { keys } from '@/api/keys'
import { useShop } from '@/api/shop'
import { SetupForm } from '@/features/account/SetupForm'
import { NotFoundPage } from '../NotFoundPage'
import { AccountFrame } from './AccountFrame'

export function SetupPage() {
  const { t } = useTranslation()
  const shop = useShop()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const finish = () => {
    void navigate('/staff/products', { replace: true })
    void queries.invalidateQueries({ queryKey: keys.shop })
  }
  if (!shop.setupRequired) return <NotFoundPage />
  return (
    <AccountFrame title={t('setup.title')} hint={t('setup.hint')}>
      <SetupForm onDone={finish} />
    </AccountFrame>
  )
}
