import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { StaffOrderFilter } from '@/api/orders'
import type { Order } from '@/api/types'
import { formatMoment } from '@/lib/dates'
import { useLocale } from '@/lib/useLocale'
import { EmptyState, LoadFailure, LoadingBlocks, LoadMore } from '@/ui/Feedback'
import { Price } from '@/ui/ShopContext'
import { OrderNumber, PaymentBadge, StatusBadge } from './OrderBadges'
import { useStaffOrders } from './queries'
import './orders.css'
import './staff.css'

export function StaffOrderList({ filter }: { filter: StaffOrderFilter }) {
  const { t } = useTranslation()
  const query = useStaffOrders(filter)
  if (query.isPending) return <LoadingBlocks />
  if (query.isError) return <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
  const orders = query.data.pages.flatMap((page) => page.items)
  if (orders.length === 0) return <EmptyState icon="receipt" title={t('staff.orders.none')} />
  return (
    <>
      <ul className="staff-orders" aria-busy={query.isPlaceholderData}>
        {orders.map((order) => (
          <StaffOrderRow key={order.id} order={order} />
        ))}
      </ul>
      <LoadMore query={query} />
    </>
  )
}

function StaffOrderRow({ order }: { order: Order }) {
  const locale = useLocale()
  return (
    <li>
      <Link to={`/staff/orders/${order.id}`} className="staff-order">
        <OrderNumber number={order.number} />
        <span className="staff-order-who">
          {order.customer?.name}
          {order.customer?.email && <bdi className="ltr muted small">{order.customer.email}</bdi>}
        </span>
        <span className="staff-order-badges">
          <StatusBadge status={order.status} />
          <PaymentBadge payment={order.payment} />
        </span>
        <span className="muted small">{formatMoment(order.placedAt, locale)}</span>
        <strong>
          <Price money={order.total} />
        </strong>
      </Link>
    </li>
  )
}
