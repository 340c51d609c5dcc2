import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { StaffOrderFilter } from '@/api/orders'
import type { Order } from '@/api/types'
import { formatMoment } from '@/lib/dates'
import { useLocale } from '@/lib/useLocale'
import { EmptyState, LoadFailure, LoadingBlocks, LoadMore } from '@/ui/Feedback'
import { Price, useMoney } from '@/ui/ShopContext'
import { OrderNumber, PaymentBadge, StatusBadge } from './OrderBadges'
import { useStaffOrders } from './queries'
import { useArrivals, type Arrival } from './useArrivals'
import './orders.css'
import './staff.css'

/** The live board: an order that comes in appears by itself. */
export function StaffOrderList({ filter }: { filter: StaffOrderFilter }) {
  const arrivals = useArrivals()
  return (
    <>
      <ArrivalNews latest={arrivals.at(-1)} />
      <Orders filter={filter} arrived={new Set(arrivals.map((arrival) => arrival.orderId))} />
    </>
  )
}

/** Said aloud, for those who do not see the new row. */
function ArrivalNews({ latest }: { latest: Arrival | undefined }) {
  const { t } = useTranslation()
  const format = useMoney()
  return (
    <p className="visually-hidden" role="status">
      {latest && t('staff.orders.arrived', { number: latest.number, total: format(latest.total) })}
    </p>
  )
}

function Orders({ filter, arrived }: { filter: StaffOrderFilter; arrived: ReadonlySet<string> }) {
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
          <StaffOrderRow key={order.id} order={order} isNew={arrived.has(order.id)} />
        ))}
      </ul>
      <LoadMore query={query} />
    </>
  )
}

function StaffOrderRow({ order, isNew }: { order: Order; isNew: boolean }) {
  const locale = useLocale()
  return (
    <li data-new={isNew}>
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
