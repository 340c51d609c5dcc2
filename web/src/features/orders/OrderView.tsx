import { useTranslation } from 'react-i18next'
import { useShop } from '@/api/shop'
import type { Order } from '@/api/types'
import { formatMoment } from '@/lib/dates'
import { useLocale } from '@/lib/useLocale'
import { Notice } from '@/ui/Notice'
import { PageTitle } from '@/ui/PageTitle'
import { CancelOrder } from './CancelOrder'
import { OrderAddress } from './OrderAddress'
import { OrderNumber, PaymentBadge, StatusBadge } from './OrderBadges'
import { OrderConversation } from './OrderConversation'
import { OrderLines } from './OrderLines'
import { Timeline } from './Timeline'
import './orders.css'

export function OrderView({ order }: { order: Order }) {
  const { t } = useTranslation()
  return (
    <div className="stack stack-loose">
      <OrderHeader order={order} />
      <TransferNotice order={order} />
      <div className="order-columns">
        <Timeline order={order} />
        <div className="stack">
          <section className="card stack" aria-label={t('orders.lines')}>
            <h2>{t('orders.lines')}</h2>
            <OrderLines order={order} />
          </section>
          <OrderConversation order={order} />
        </div>
        <OrderFacts order={order} />
      </div>
      {order.status === 'placed' && <CancelOrder order={order} />}
    </div>
  )
}

export function OrderHeader({ order }: { order: Order }) {
  const { t } = useTranslation()
  const locale = useLocale()
  return (
    <header className="stack stack-tight">
      <PageTitle title={t('orders.one', { number: order.number })}>
        {t('orders.order')} <OrderNumber number={order.number} />
      </PageTitle>
      <p className="row">
        <StatusBadge status={order.status} />
        <PaymentBadge payment={order.payment} />
        <span className="muted small">{t('orders.placedAt', { at: formatMoment(order.placedAt, locale) })}</span>
      </p>
    </header>
  )
}

export function OrderFacts({ order }: { order: Order }) {
  const { t } = useTranslation()
  return (
    <section className="card stack" aria-label={t('orders.delivery')}>
      <h2>{t('orders.delivery')}</h2>
      {order.address && <OrderAddress address={order.address} />}
      {order.tracking && (
        <p>
          {t('orders.tracking')}: <bdi className="ltr">{order.tracking}</bdi>
        </p>
      )}
      <p>
        <span className="muted">{t('checkout.payment')}:</span> {t(`payment.method.${order.payment.method}`)}
      </p>
      {order.note && (
        <p className="order-note">
          <span className="muted">{t('orders.note')}:</span> {order.note}
        </p>
      )}
    </section>
  )
}

function TransferNotice({ order }: { order: Order }) {
  const { t } = useTranslation()
  const locale = useLocale()
  const { transferInstructions } = useShop()
  const isAwaited =
    order.payment.method === 'transfer' && order.payment.status === 'unpaid' && order.status !== 'cancelled'
  const instructions = transferInstructions[locale] ?? transferInstructions.ar ?? transferInstructions.en
  if (!isAwaited) return null
  return (
    <Notice tone="warm">
      <p>
        <strong>{t('orders.transferTitle')}</strong>
      </p>
      {instructions && <p className="order-note">{instructions}</p>}
      <p>
        {t('orders.transferReference')} <OrderNumber number={order.number} />
      </p>
    </Notice>
  )
}
