import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useSession } from '@/api/session'
import type { ConversationView } from '@/api/types'
import { EmptyState, LoadFailure, LoadingBlocks } from '@/ui/Feedback'
import { CustomerPane } from './CustomerPane'
import { DeskConversation } from './DeskConversation'
import { Queue } from './Queue'
import { useCustomerConversation } from './queries'
import './desk.css'
import './desk-panes.css'

interface DeskProps {
  view: ConversationView
  selectedId: string | undefined
  ordersOf: (userId: string) => ReactNode
}

/** Queue, conversation and customer beside each other; on a phone one of them at a time. */
export function SupportDesk({ view, selectedId, ordersOf }: DeskProps) {
  const { t } = useTranslation()
  return (
    <div className="desk" data-open={selectedId !== undefined}>
      <Queue view={view} selectedId={selectedId} />
      {selectedId === undefined ? (
        <div className="desk-none">
          <EmptyState icon="chat" title={t('support.chooseOne')} />
        </div>
      ) : (
        <Selected key={selectedId} userId={selectedId} view={view} ordersOf={ordersOf} />
      )}
    </div>
  )
}

interface SelectedProps {
  userId: string
  view: ConversationView
  ordersOf: (userId: string) => ReactNode
}

function Selected({ userId, view, ordersOf }: SelectedProps) {
  const { user } = useSession()
  const [isCustomerOpen, setIsCustomerOpen] = useState(false)
  const query = useCustomerConversation(userId)
  if (!query.data || !user) {
    return (
      <div className="desk-conversation desk-waiting">
        {query.isError ? <LoadFailure error={query.error} onRetry={() => void query.refetch()} /> : <LoadingBlocks />}
      </div>
    )
  }
  return (
    <div className="desk-selected" data-pane={isCustomerOpen ? 'customer' : 'conversation'}>
      <DeskConversation
        conversation={query.data}
        reader={user}
        backTo={`/staff/support?view=${view}`}
        onCustomer={() => setIsCustomerOpen(true)}
      />
      <CustomerPane
        conversation={query.data}
        reader={user}
        orders={ordersOf(userId)}
        onBack={() => setIsCustomerOpen(false)}
      />
    </div>
  )
}
