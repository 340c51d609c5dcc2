import { useTranslation } from 'react-i18next'
import { useSession } from '@/api/session'
import type { Order, User } from '@/api/types'
import { isStaffRole, type Happened } from '@/lib/conversation'
import { useConversation } from '@/realtime/useConversation'
import { ConversationPane } from '@/ui/conversation/ConversationPane'
import { useDraft } from '@/ui/conversation/useDraft'
import { statuses } from './status'

/** What buyer and shop say about one order, between the steps that it takes. */
export function OrderConversation({ order }: { order: Order }) {
  const { t } = useTranslation()
  const { user } = useSession()
  return (
    <section className="card order-conversation" aria-label={t('orders.conversation')}>
      <h2>{t('orders.conversation')}</h2>
      {user && <Talk order={order} user={user} />}
    </section>
  )
}

function Talk({ order, user }: { order: Order; user: User }) {
  const { t } = useTranslation()
  const draft = useDraft()
  const isStaff = isStaffRole(user.role)
  const conversation = useConversation(`order:${order.id}`, user, isStaff ? order.userId : undefined)
  return (
    <ConversationPane
      conversation={conversation}
      draft={draft}
      label={t('orders.conversation')}
      prompt={t(isStaff ? 'orders.writeToBuyer' : 'orders.writeToShop')}
      describe={(item) => <OrderStep item={item} />}
      welcome={null}
      canRemoveAll={isStaff}
    />
  )
}

function OrderStep({ item }: { item: Happened }) {
  const { t } = useTranslation()
  const { status, reason } = item.data
  const step = statuses.find((each) => each === status)
  if (item.type === 'payment') return t(`payment.status.${String(status)}`)
  if (item.type !== 'status' || !step) return null
  return (
    <>
      {t(`orders.status.${step}`)}
      {typeof reason === 'string' && reason !== '' && <bdi> · {reason}</bdi>}
    </>
  )
}
