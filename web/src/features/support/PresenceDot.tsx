import { useTranslation } from 'react-i18next'
import type { Conversation } from '@/api/types'
import { usePresence } from '@/realtime/hooks'

const states = ['online', 'away', 'offline'] as const

/** Whether the customer is there: as last heard, else as the list said. */
export function PresenceDot({ conversation }: { conversation: Pick<Conversation, 'userId' | 'online'> }) {
  const { t } = useTranslation()
  const heard = usePresence()[conversation.userId]
  const state = states.find((each) => each === heard) ?? (conversation.online ? 'online' : 'offline')
  return (
    <span className="presence" data-state={state}>
      <span className="visually-hidden">{t(`support.presence.${state}`)}</span>
    </span>
  )
}
