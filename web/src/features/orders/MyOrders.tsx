import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Order } from '@/api/types'
import { formatDay } from '@/lib/dates'
import { useLocale } from '@/lib/useLocale'
import { ButtonLink } from '@/ui/Button'
import { EmptyState, LoadFailure, LoadingBlocks, LoadMore } from '@/ui/Feedback'
import { Price } from '@/ui/ShopContext'
import { OrderNumber, StatusBadge } from './OrderBadges'
import { useMyOrders } from './queries'
import './orders.css'

export function MyOrders() {
  const { t } = useTranslation()
  const query = useMyOrders()
  if (query.isPending) return <LoadingBlocks />
  if (query.isError) return <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
  const orders = query.data.pages.flatMap((page) => page.items)
  if (orders.length === 0) {
    return (
      <EmptyState icon="receipt" title={t('orders.none')}>
        <p className="muted">{t('orders.noneHint')}</p>
        <ButtonLink to="/">{t('cart.goShopping')}</ButtonLink>
      </EmptyState>
    )
  }
  return (
    <>
      <ul className="stack">
        {orders.map((order) => (
          <OrderCard key={order.id} order={order} />
        ))}
      </ul>
      <LoadMore query={query} />
    </>
  )
}

function OrderCard({ order }: { order: Order }) {
  const { t } = useTranslation()
  const locale = useLocale()
  const items = order.lines.reduce((count, line) => count + line.quantity, 0)
  return (
    <li>
      <Link to={`/orders/${order.id}`} className="card order-card">
        <span className="row row-apart">
          <OrderNumber number={order.number} />
          <StatusBadge status={order.status} />
        </span>
        <span className="order-card-titles">
          {order.lines.map((line) => line.title).join(locale === 'ar' ? '، ' : ', ')}
        </span>
        <span className="row row-apart muted small">
          <span>
            {formatDay(order.placedAt, locale)} · {t('orders.items', { count: items })}
          </span>
          <strong>
            <Price money={order.total} />
          </strong>
        </span>
      </Link>
    </li>
  )
}
