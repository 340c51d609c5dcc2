import { useTranslation } from 'react-i18next'
import type { User } from '@/api/types'
import { useConversation } from '@/realtime/useConversation'
import { ConversationPane } from '@/ui/conversation/ConversationPane'
import { useDraft } from '@/ui/conversation/useDraft'

/** What staff tell each other about a customer, who never sees it. */
export function Notes({ userId, reader }: { userId: string; reader: User }) {
  const { t } = useTranslation()
  const draft = useDraft()
  const notes = useConversation(`notes:${userId}`, reader)
  return (
    <section className="desk-notes" aria-label={t('support.notes')}>
      <h3>{t('support.notes')}</h3>
      <p className="muted small">{t('support.notesHint')}</p>
      <ConversationPane
        conversation={notes}
        draft={draft}
        label={t('support.notes')}
        prompt={t('support.writeNote')}
        describe={() => null}
        welcome={null}
        canRemoveAll
      />
    </section>
  )
}
