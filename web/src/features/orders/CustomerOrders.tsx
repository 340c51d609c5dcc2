import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { keys } from '@/api/keys'
import { listOrdersOf } from '@/api/orders'
import { formatDay } from '@/lib/dates'
import { useLocale } from '@/lib/useLocale'
import { LoadFailure, LoadingBlocks } from '@/ui/Feedback'
import { Price } from '@/ui/ShopContext'
import { OrderNumber, StatusBadge } from './OrderBadges'
import './orders.css'

/** The latest orders of one buyer, for staff. */
export function CustomerOrders({ userId }: { userId: string }) {
  const { t } = useTranslation()
  const locale = useLocale()
  const query = useQuery({ queryKey: keys.ordersOf(userId), queryFn: ({ signal }) => listOrdersOf(userId, signal) })
  if (query.isPending) return <LoadingBlocks count={1} />
  if (query.isError) return <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
  const orders = query.data.items
  if (orders.length === 0) return <p className="muted small">{t('orders.none')}</p>
  return (
    <ul className="customer-orders">
      {orders.map((order) => (
        <li key={order.id}>
          <Link to={`/staff/orders/${order.id}`}>
            <OrderNumber number={order.number} />
            <StatusBadge status={order.status} />
            <span className="muted small">{formatDay(order.placedAt, locale)}</span>
            <Price money={order.total} />
          </Link>
        </li>
      ))}
    </ul>
  )
}
