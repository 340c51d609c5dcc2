import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { ConversationView } from '@/api/types'
import { useNow } from '@/lib/useNow'
import { useListening } from '@/realtime/hooks'
import { EmptyState, LoadFailure, LoadingBlocks, LoadMore } from '@/ui/Feedback'
import { QueueRow } from './QueueRow'
import { useConversationCounts, useConversations } from './queries'
import { views } from './views'

/** The server lets one connection follow 200 streams; the rest of them are for what is open. */
const mostHeard = 150
const minuteMs = 60_000

interface QueueProps {
  view: ConversationView
  selectedId: string | undefined
}

export function Queue({ view, selectedId }: QueueProps) {
  return (
    <div className="desk-queue">
      <ViewBar view={view} />
      <QueueList view={view} selectedId={selectedId} />
    </div>
  )
}

function ViewBar({ view }: { view: ConversationView }) {
  const { t } = useTranslation()
  const counts = useConversationCounts()
  return (
    <nav className="desk-views" aria-label={t('support.views')}>
      <ul>
        {views.map((each) => (
          <li key={each}>
            <Link to={`/staff/support?view=${each}`} aria-current={each === view ? 'true' : undefined}>
              {t(`support.view.${each}`)}
              {counts && <span className="desk-count numeric">{counts[each]}</span>}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}

function QueueList({ view, selectedId }: QueueProps) {
  const { t } = useTranslation()
  const now = useNow(minuteMs)
  const query = useConversations(view)
  const conversations = query.data?.pages.flatMap((page) => page.items) ?? []
  useListening(conversations.slice(0, mostHeard).map(({ userId }) => `support:${userId}`))

  if (query.isPending) return <LoadingBlocks />
  if (query.isError) return <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
  if (conversations.length === 0) {
    return (
      <EmptyState icon="chat" title={t(`support.none.${view}`)}>
        <p className="muted">{t('support.noneHint')}</p>
      </EmptyState>
    )
  }
  return (
    <div className="desk-scroll">
      <ul className="desk-list" aria-busy={query.isPlaceholderData}>
        {conversations.map((conversation) => (
          <QueueRow
            key={conversation.userId}
            conversation={conversation}
            view={view}
            now={now}
            isSelected={conversation.userId === selectedId}
          />
        ))}
      </ul>
      <LoadMore query={query} />
    </div>
  )
}
