import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useSession } from '@/api/session'
import { useDraft } from '@/ui/conversation/useDraft'
import { Icon } from '@/ui/Icon'
import { FirstMessage } from './FirstMessage'
import { HoursNote } from './HoursNote'
import { SupportChat } from './SupportChat'
import { useAlone } from './useAlone'

/** Beside the page on a desk, over all of it on a phone. Escape closes it. */
export function ChatPanel({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const { user } = useSession()
  const draft = useDraft()
  const panel = useRef<HTMLElement>(null)
  const { field } = draft

  useAlone(panel)
  useEffect(() => field.current?.focus(), [field, user?.id])

  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && panel.current?.contains(document.activeElement)) onClose()
    }
    document.addEventListener('keydown', pressed)
    return () => document.removeEventListener('keydown', pressed)
  }, [onClose])

  return (
    <section ref={panel} className="chat-panel" aria-label={t('chat.title')}>
      <header className="chat-header">
        <div>
          <h2>{t('chat.title')}</h2>
          <HoursNote />
        </div>
        <button type="button" className="shell-button" aria-label={t('chat.close')} onClick={onClose}>
          <Icon name="cross" />
        </button>
      </header>
      {user ? <SupportChat key={user.id} user={user} draft={draft} /> : <FirstMessage draft={draft} />}
    </section>
  )
}
