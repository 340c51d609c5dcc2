import { useMutation } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { becomeGuest } from '@/api/account'
import { useLocale } from '@/lib/useLocale'
import { live } from '@/realtime/live'
import { Composer } from '@/ui/conversation/Composer'
import type { Draft } from '@/ui/conversation/useDraft'
import { ProblemNotice } from '@/ui/Notice'
import { Welcome } from './Welcome'

/** A stranger's chat: nobody is made a guest by a visit, only by the first message. */
export function FirstMessage({ draft }: { draft: Draft }) {
  const { t } = useTranslation()
  const locale = useLocale()
  const action = useMutation({
    mutationFn: () => becomeGuest({}, locale),
    onSuccess: (guest) => {
      live().post(`support:${guest.id}`, 'message', { text: draft.text.trim() })
      draft.clear()
    },
  })
  return (
    <div className="conversation">
      <div className="conversation-body">
        <div className="conversation-welcome">
          <Welcome />
        </div>
      </div>
      <Composer
        field={draft.field}
        label={t('chat.prompt')}
        text={draft.text}
        onText={draft.setText}
        onSend={() => action.mutate()}
        isBusy={action.isPending}
      >
        <ProblemNotice error={action.error} />
      </Composer>
    </div>
  )
}
