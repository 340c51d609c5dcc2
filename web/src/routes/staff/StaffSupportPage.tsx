import { useTranslation } from 'react-i18next'
import { useParams, useSearchParams } from 'react-router'
import { CustomerOrders } from '@/features/orders/CustomerOrders'
import { SupportDesk } from '@/features/support/SupportDesk'
import { viewIn } from '@/features/support/views'
import { PageTitle } from '@/ui/PageTitle'

export function StaffSupportPage() {
  const { t } = useTranslation()
  const { userId } = useParams()
  const [params] = useSearchParams()
  return (
    <>
      <PageTitle title={t('support.title')} isHidden />
      <SupportDesk
        view={viewIn(params)}
        selectedId={userId}
        ordersOf={(customer) => <CustomerOrders userId={customer} />}
      />
    </>
  )
}
