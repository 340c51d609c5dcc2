import { useTranslation } from 'react-i18next'
import type { OrderStatus, Order } from '@/api/types'
import { Badge } from '@/ui/Badge'
import { paymentTone, statusTone } from './status'

export function StatusBadge({ status }: { status: OrderStatus }) {
  const { t } = useTranslation()
  return <Badge tone={statusTone(status)}>{t(`orders.status.${status}`)}</Badge>
}

export function PaymentBadge({ payment }: { payment: Order['payment'] }) {
  const { t } = useTranslation()
  return <Badge tone={paymentTone(payment.status)}>{t(`payment.status.${payment.status}`)}</Badge>
}

/** Order numbers are read out to couriers and typed in by hand, so they stand apart and left to right. */
export function OrderNumber({ number }: { number: string }) {
  return <bdi className="ltr order-number">{number}</bdi>
}
