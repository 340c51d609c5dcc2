import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Conversation, User } from '@/api/types'
import { Button } from '@/ui/Button'
import { Notes } from './Notes'

interface PaneProps {
  conversation: Conversation
  reader: User
  /** The customer's orders. */
  orders: ReactNode
  onBack: () => void
}

export function CustomerPane({ conversation, reader, orders, onBack }: PaneProps) {
  const { t } = useTranslation()
  const { userId, name, email, role, locale, firstResponseSeconds } = conversation
  return (
    <aside className="desk-customer" aria-label={t('support.customer')}>
      <div className="desk-customer-back">
        <Button look="plain" size="small" onClick={onBack}>
          {t('support.backToConversation')}
        </Button>
      </div>
      <section className="stack stack-tight">
        <h2>
          <bdi>{name || t('support.guest')}</bdi>
        </h2>
        <p className="muted small">
          {t(`support.role.${role}`)} · {t(`support.language.${locale}`)}
        </p>
        {email && (
          <a href={`mailto:${email}`}>
            <bdi className="ltr">{email}</bdi>
          </a>
        )}
        {firstResponseSeconds != null && (
          <p className="muted small">
            {t('support.firstResponse', { count: Math.max(Math.round(firstResponseSeconds / 60), 1) })}
          </p>
        )}
      </section>
      <section className="stack stack-tight">
        <h3>{t('support.orders')}</h3>
        {orders}
      </section>
      <Notes key={userId} userId={userId} reader={reader} />
    </aside>
  )
}
