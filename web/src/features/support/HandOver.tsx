import { useTranslation } from 'react-i18next'
import type { Conversation } from '@/api/types'
import { useStaffMembers } from './queries'

interface HandOverProps {
  conversation: Conversation
  isBusy: boolean
  /** Null: back to the queue. */
  onChoose: (to: string | null) => void
}

const nobody = 'nobody'

export function HandOver({ conversation: { assignee }, isBusy, onChoose }: HandOverProps) {
  const { t } = useTranslation()
  const members = useStaffMembers().data?.items ?? []
  const others = members.filter((member) => member.id !== assignee?.id)
  return (
    <select
      className="input desk-hand-over"
      aria-label={t('support.handOver')}
      value=""
      disabled={isBusy}
      onChange={(event) => onChoose(event.target.value === nobody ? null : event.target.value)}
    >
      <option value="" disabled>
        {t('support.handOver')}
      </option>
      {others.map((member) => (
        <option key={member.id} value={member.id}>
          {member.online ? t('support.memberOnline', { name: member.name }) : member.name}
        </option>
      ))}
      {assignee && <option value={nobody}>{t('support.backToQueue')}</option>}
    </select>
  )
}
