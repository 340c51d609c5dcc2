import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { keys } from '@/api/keys'
import { moveOrder, setPayment } from '@/api/orders'
import type { Order, OrderStatus } from '@/api/types'
import { formText } from '@/lib/formText'
import { Button } from '@/ui/Button'
import { SelectField, TextField } from '@/ui/Field'
import { ProblemNotice } from '@/ui/Notice'
import { useToast } from '@/ui/Toasts'
import { OrderConversation } from './OrderConversation'
import { OrderLines } from './OrderLines'
import { OrderFacts, OrderHeader } from './OrderView'
import { nextPayments, nextStatuses } from './status'
import { Timeline } from './Timeline'
import './orders.css'
import './staff.css'

export function StaffOrderView({ order }: { order: Order }) {
  const { t } = useTranslation()
  return (
    <div className="stack stack-loose">
      <OrderHeader order={order} />
      <div className="order-columns">
        <section className="card stack" aria-label={t('staff.orders.actions')}>
          <h2>{t('staff.orders.actions')}</h2>
          {/* Made anew at each status, so that a form never offers a step from where the order no longer is. */}
          <StatusForm key={order.status} order={order} />
          <PaymentActions order={order} />
        </section>
        <div className="stack">
          <section className="card stack" aria-label={t('orders.lines')}>
            <h2>{t('orders.lines')}</h2>
            <OrderLines order={order} />
          </section>
          <OrderConversation order={order} />
        </div>
        <Customer order={order} />
        <Timeline order={order} />
      </div>
    </div>
  )
}

function StatusForm({ order }: { order: Order }) {
  const { t } = useTranslation()
  const choices = nextStatuses(order.status)
  const [status, setStatus] = useState<OrderStatus | undefined>(choices[0])
  const action = useOrderChange((form: FormData) =>
    moveOrder(order.id, {
      status: status ?? order.status,
      tracking: formText(form, 'tracking') || undefined,
      reason: formText(form, 'reason') || undefined,
    }),
  )
  if (status === undefined) return <p className="muted">{t('staff.orders.noSteps')}</p>
  const isSetback = status === 'cancelled' || status === 'returned'
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        action.mutate(new FormData(event.currentTarget))
      }}
    >
      <ProblemNotice error={action.error} />
      <SelectField
        label={t('staff.orders.moveTo')}
        value={status}
        onChange={(event) => setStatus(choices.find((each) => each === event.target.value))}
      >
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {t(`orders.status.${choice}`)}
          </option>
        ))}
      </SelectField>
      {status === 'shipped' && <TextField name="tracking" label={t('orders.tracking')} maxLength={200} />}
      {isSetback && <TextField name="reason" label={t('staff.orders.reason')} maxLength={500} />}
      <Button type="submit" look={isSetback ? 'danger' : 'solid'} busy={action.isPending}>
        {t('staff.orders.move')}
      </Button>
    </form>
  )
}

function PaymentActions({ order }: { order: Order }) {
  const { t } = useTranslation()
  const action = useOrderChange((status: Order['payment']['status']) => setPayment(order.id, status))
  const choices = nextPayments(order.payment.status)
  if (choices.length === 0) return null
  return (
    <div className="stack stack-tight">
      <ProblemNotice error={action.error} />
      {choices.map((choice) => (
        <Button key={choice} look="quiet" busy={action.isPending} onClick={() => action.mutate(choice)}>
          {t(`staff.orders.payment.${choice}`)}
        </Button>
      ))}
    </div>
  )
}

function useOrderChange<T>(change: (input: T) => Promise<Order>) {
  const { t } = useTranslation()
  const toast = useToast()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: () => toast({ text: t('staff.orders.changed') }),
    // After a refusal too: it mostly means that someone else moved the order first.
    onSettled: () => queries.invalidateQueries({ queryKey: keys.orders }),
  })
}

function Customer({ order }: { order: Order }) {
  const { t } = useTranslation()
  return (
    <>
      {order.customer && (
        <section className="card stack stack-tight" aria-label={t('staff.orders.customer')}>
          <h2>{t('staff.orders.customer')}</h2>
          <p>{order.customer.name}</p>
          {order.customer.email && (
            <a href={`mailto:${order.customer.email}`}>
              <bdi className="ltr">{order.customer.email}</bdi>
            </a>
          )}
        </section>
      )}
      <OrderFacts order={order} />
    </>
  )
}
