import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Conversation, ConversationView } from '@/api/types'
import { formatAgo } from '@/lib/dates'
import { useLocale } from '@/lib/useLocale'
import { Badge } from '@/ui/Badge'
import { PresenceDot } from './PresenceDot'

interface RowProps {
  conversation: Conversation
  view: ConversationView
  now: number
  isSelected: boolean
}

export function QueueRow({ conversation, view, now, isSelected }: RowProps) {
  const { t } = useTranslation()
  const locale = useLocale()
  const { userId, lastAt, lastText, lastBy, unread, waitingSince, assignee } = conversation
  return (
    <li>
      <Link
        to={`/staff/support/${userId}?view=${view}`}
        className="desk-row"
        data-unread={unread > 0}
        aria-current={isSelected ? 'true' : undefined}
      >
        <span className="desk-row-name">
          <PresenceDot conversation={conversation} />
          <bdi>{conversation.name || t('support.guest')}</bdi>
        </span>
        <time className="muted small" dateTime={lastAt}>
          {formatAgo(lastAt, now, locale)}
        </time>
        <span className="desk-row-text">
          {lastBy === 'staff' && <span className="muted">{t('support.you')} </span>}
          <bdi>{lastText || t('conversation.deleted')}</bdi>
        </span>
        {unread > 0 && (
          <span className="desk-unread">
            <span className="visually-hidden">{t('support.unread', { count: unread })}</span>
            <span className="numeric" aria-hidden="true">
              {unread}
            </span>
          </span>
        )}
        <span className="desk-row-badges">
          {waitingSince && (
            <Badge tone="warm">{t('support.waiting', { since: formatAgo(waitingSince, now, locale) })}</Badge>
          )}
          {assignee && (
            <Badge>
              <bdi>{assignee.name}</bdi>
            </Badge>
          )}
        </span>
      </Link>
    </li>
  )
}
