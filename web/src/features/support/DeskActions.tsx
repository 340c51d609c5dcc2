import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { closeConversation, handOverConversation, reopenConversation, takeConversation } from '@/api/conversations'
import type { Conversation, User } from '@/api/types'
import { asProblem } from '@/lib/problem'
import { Button } from '@/ui/Button'
import { ConfirmDialog } from '@/ui/ConfirmDialog'
import { ProblemNotice } from '@/ui/Notice'
import { HandOver } from './HandOver'
import { useConversationChange } from './queries'

/** Who has the conversation, and what can be done about it. */
export function DeskActions({ conversation, reader }: { conversation: Conversation; reader: User }) {
  const { t } = useTranslation()
  const { userId, assignee, status } = conversation
  const close = useConversationChange(userId, () => closeConversation(userId))
  const reopen = useConversationChange(userId, () => reopenConversation(userId))
  const handOver = useConversationChange(userId, (to: string | null) => handOverConversation(userId, to))
  const isMine = assignee?.id === reader.id

  if (status === 'closed') {
    return (
      <div className="desk-actions">
        <p className="muted small">{t('support.isClosed')}</p>
        <ProblemNotice error={reopen.error} />
        <Button look="quiet" size="small" busy={reopen.isPending} onClick={() => reopen.mutate(undefined)}>
          {t('support.reopen')}
        </Button>
      </div>
    )
  }
  return (
    <div className="desk-actions">
      <p className="muted small">
        {isMine ? t('support.isMine') : assignee ? t('support.isOf', { name: assignee.name }) : t('support.isNobodys')}
      </p>
      <ProblemNotice error={close.error ?? handOver.error} />
      {!isMine && <Take conversation={conversation} />}
      <HandOver conversation={conversation} isBusy={handOver.isPending} onChoose={(to) => handOver.mutate(to)} />
      <Button look="quiet" size="small" busy={close.isPending} onClick={() => close.mutate(undefined)}>
        {t('support.close')}
      </Button>
    </div>
  )
}

/** From a colleague only after asking: two would answer otherwise. */
function Take({ conversation: { userId, assignee } }: { conversation: Conversation }) {
  const { t } = useTranslation()
  const [isAsking, setIsAsking] = useState(false)
  const take = useConversationChange(userId, (force: boolean) => takeConversation(userId, force))
  const isTaken = take.isError && asProblem(take.error).code === 'conversation_taken'

  const start = () => {
    if (assignee) setIsAsking(true)
    else take.mutate(false, { onError: (cause) => setIsAsking(asProblem(cause).code === 'conversation_taken') })
  }
  return (
    <>
      {!isTaken && <ProblemNotice error={take.error} />}
      <Button size="small" busy={take.isPending} onClick={start}>
        {t('support.take')}
      </Button>
      {isAsking && (
        <ConfirmDialog
          title={t('support.takeTitle')}
          confirmLabel={t('support.takeConfirm')}
          isBusy={take.isPending}
          onConfirm={() => take.mutate(true, { onSettled: () => setIsAsking(false) })}
          onClose={() => setIsAsking(false)}
        >
          <p>{t('support.takeText', { name: assignee?.name ?? t('support.somebody') })}</p>
        </ConfirmDialog>
      )}
    </>
  )
}
