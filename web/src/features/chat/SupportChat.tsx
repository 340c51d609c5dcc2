import { useTranslation } from 'react-i18next'
import type { User } from '@/api/types'
import type { Happened } from '@/lib/conversation'
import { useConversation } from '@/realtime/useConversation'
import { ConversationPane } from '@/ui/conversation/ConversationPane'
import type { Draft } from '@/ui/conversation/useDraft'
import { Welcome } from './Welcome'

export function SupportChat({ user, draft }: { user: User; draft: Draft }) {
  const { t } = useTranslation()
  const conversation = useConversation(`support:${user.id}`, user)

  // Who of the staff has the conversation is their affair; that it is closed concerns both.
  const describe = ({ type, data }: Happened) =>
    type === 'conversation' && data['status'] === 'closed' ? t('chat.wasClosed') : null

  return (
    <ConversationPane
      conversation={conversation}
      draft={draft}
      label={t('chat.messages')}
      prompt={t('chat.prompt')}
      describe={describe}
      welcome={<Welcome />}
    />
  )
}
