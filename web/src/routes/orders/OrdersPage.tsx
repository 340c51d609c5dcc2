import { useTranslation } from 'react-i18next'
import { MyOrders } from '@/features/orders/MyOrders'
import { PageTitle } from '@/ui/PageTitle'

export function OrdersPage() {
  const { t } = useTranslation()
  return (
    <div className="page page-medium stack stack-loose">
      <PageTitle title={t('orders.title')} />
      <MyOrders />
    </div>
  )
}
