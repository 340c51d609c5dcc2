import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Said } from '@/lib/conversation'
import { formatTime } from '@/lib/dates'
import { useLocale } from '@/lib/useLocale'
import { Button } from '../Button'
import { Icon } from '../Icon'

export interface MessageActions {
  onEdit: (said: Said) => void
  onRemove: (said: Said) => void
  onRetry: (unsentId: string) => void
  onDrop: (unsentId: string) => void
  /** Whether the reader may take back what others said, as staff may. */
  canRemoveAll?: boolean
}

interface BubbleProps extends MessageActions {
  said: Said
  /** The first of several by the same speaker. */
  isFirst: boolean
}

export function MessageBubble({ said, isFirst, onEdit, onRemove, onRetry, onDrop, canRemoveAll }: BubbleProps) {
  const { t } = useTranslation()
  const [isOpen, setIsOpen] = useState(false)
  const isThere = said.seq !== null && said.text !== null && said.state !== 'failed'
  const canChange = isThere && (said.isMine || canRemoveAll === true)
  return (
    <div className="message" data-side={said.isOurs ? 'ours' : 'theirs'} data-first={isFirst}>
      {isFirst && !said.isMine && (
        <p className="message-author">{said.author ? <bdi>{said.author.name}</bdi> : t('conversation.shop')}</p>
      )}
      <div className="message-row">
        <div className="message-bubble" data-state={said.state} data-deleted={said.text === null}>
          <p className="message-text" dir="auto">
            {said.text ?? t('conversation.deleted')}
          </p>
          <MessageFoot said={said} />
        </div>
        {canChange && (
          <button
            type="button"
            className="message-more"
            aria-expanded={isOpen}
            aria-label={t('conversation.more')}
            onClick={() => setIsOpen(!isOpen)}
          >
            <Icon name="more" size={22} />
          </button>
        )}
      </div>
      {canChange && isOpen && (
        <div className="message-actions">
          {said.isMine && (
            <Button look="plain" size="small" onClick={() => (setIsOpen(false), onEdit(said))}>
              {t('conversation.edit')}
            </Button>
          )}
          <Button look="plain" size="small" onClick={() => (setIsOpen(false), onRemove(said))}>
            {t('conversation.delete')}
          </Button>
        </div>
      )}
      {said.state === 'failed' && said.unsentId !== null && (
        <Failure said={said} unsentId={said.unsentId} onRetry={onRetry} onDrop={onDrop} />
      )}
    </div>
  )
}

function MessageFoot({ said }: { said: Said }) {
  const { t } = useTranslation()
  const locale = useLocale()
  const mark =
    said.state === 'seen' ? 'twice' : said.state === 'sending' ? 'clock' : said.state === 'failed' ? 'alert' : 'check'
  return (
    <p className="message-foot">
      {said.isEdited && said.text !== null && <span>{t('conversation.edited')} · </span>}
      {said.isAutomatic && <span>{t('conversation.automatic')} · </span>}
      <time dateTime={said.at}>{formatTime(said.at, locale)}</time>
      {said.isOurs && said.text !== null && (
        <span className="message-state" data-state={said.state}>
          <Icon name={mark} size={15} />
          <span className="visually-hidden">{t(`conversation.state.${said.state}`)}</span>
        </span>
      )}
    </p>
  )
}

interface FailureProps extends Pick<MessageActions, 'onRetry' | 'onDrop'> {
  said: Said
  unsentId: string
}

function Failure({ said, unsentId, onRetry, onDrop }: FailureProps) {
  const { t, i18n } = useTranslation()
  const reason = `problem.${said.problem ?? 'internal'}`
  return (
    <div className="message-failure" role="alert">
      <p>
        {t('conversation.notSent')} {i18n.exists(reason) ? t(reason) : t('problem.internal')}
      </p>
      <div className="row">
        <Button look="plain" size="small" onClick={() => onRetry(unsentId)}>
          {t('failure.retry')}
        </Button>
        <Button look="plain" size="small" onClick={() => onDrop(unsentId)}>
          {t('conversation.drop')}
        </Button>
      </div>
    </div>
  )
}
