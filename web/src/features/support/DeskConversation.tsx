import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Conversation, User } from '@/api/types'
import type { Happened } from '@/lib/conversation'
import { useConversation } from '@/realtime/useConversation'
import { ConversationPane } from '@/ui/conversation/ConversationPane'
import { useDraft } from '@/ui/conversation/useDraft'
import { Icon } from '@/ui/Icon'
import { Notice } from '@/ui/Notice'
import { CannedMenu } from './CannedMenu'
import { DeskActions } from './DeskActions'
import { PresenceDot } from './PresenceDot'
import { stepAt } from './steps'
import { useCannedMenu } from './useCannedMenu'

interface DeskProps {
  conversation: Conversation
  reader: User
  /** Back to the queue, where only one pane is seen at a time. */
  backTo: string
  onCustomer: () => void
}

export function DeskConversation({ conversation, reader, backTo, onCustomer }: DeskProps) {
  const { t } = useTranslation()
  const { userId } = conversation
  const talk = useConversation(`support:${userId}`, reader, userId)
  const draft = useDraft()
  const canned = useCannedMenu(draft, conversation)
  const colleagues = talk.typists.filter((typist) => typist.userId !== userId)

  const describe = (item: Happened) => {
    const step = stepAt(talk.items, item)
    if (!step) return null
    return t(`support.step.${step.kind}`, { name: step.by?.name ?? t('conversation.shop'), to: step.to })
  }

  return (
    <section className="desk-conversation" aria-label={t('support.conversationWith', { name: conversation.name })}>
      <header className="desk-header">
        <Link to={backTo} className="shell-button desk-back" aria-label={t('support.back')}>
          <span className="points">
            <Icon name="back" />
          </span>
        </Link>
        <h2>
          <PresenceDot conversation={conversation} /> <bdi>{conversation.name || t('support.guest')}</bdi>
        </h2>
        <button type="button" className="shell-button desk-about" onClick={onCustomer}>
          <Icon name="person" />
          <span>{t('support.customer')}</span>
        </button>
      </header>
      <DeskActions conversation={conversation} reader={reader} />
      <ConversationPane
        conversation={{ ...talk, typists: talk.typists.filter((typist) => typist.userId === userId) }}
        draft={draft}
        label={t('support.conversationWith', { name: conversation.name })}
        prompt={t('support.prompt')}
        describe={describe}
        welcome={<p>{t('support.nothingSaid')}</p>}
        canRemoveAll
        onKey={canned.onKey}
      >
        {colleagues[0] && (
          <Notice tone="warm">
            <p role="status">{t('support.isReplying', { name: colleagues[0].name })}</p>
          </Notice>
        )}
        <CannedMenu menu={canned} />
      </ConversationPane>
    </section>
  )
}
