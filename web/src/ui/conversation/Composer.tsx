import { useLayoutEffect, type KeyboardEvent, type ReactNode, type RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import { characterCount, mostCharacters } from '@/lib/conversation'
import { Icon } from '../Icon'
import './composer.css'

interface ComposerProps {
  /** The text field, so that others can put the focus there. */
  field: RefObject<HTMLTextAreaElement | null>
  label: string
  text: string
  onText: (text: string) => void
  onSend: () => void
  isBusy?: boolean
  /** An earlier message is being changed. */
  onCancelEdit?: (() => void) | undefined
  /** Sees keys first; true when it used one up. */
  onKey?: (event: KeyboardEvent<HTMLTextAreaElement>) => boolean
  children?: ReactNode
}

const tallestPx = 160
/** How near the end of what a message may hold its count is shown. */
const warnFrom = mostCharacters - 500

export function Composer(props: ComposerProps) {
  const { field, label, text, onText, onSend, isBusy = false, onCancelEdit, onKey, children } = props
  const { t } = useTranslation()
  const count = characterCount(text.trim())
  const canSend = count > 0 && count <= mostCharacters && !isBusy
  useGrowing(field, text)

  const pressed = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (onKey?.(event)) return
    // While a word is being put together, Enter chooses it.
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault()
      if (canSend) onSend()
    }
    if (event.key === 'Escape' && onCancelEdit) {
      event.stopPropagation()
      onCancelEdit()
    }
  }

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault()
        if (canSend) onSend()
        field.current?.focus()
      }}
    >
      {children}
      {onCancelEdit && (
        <p className="composer-editing">
          <Icon name="pen" size={16} /> {t('conversation.editing')}
          <button type="button" onClick={onCancelEdit}>
            {t('conversation.cancelEdit')}
          </button>
        </p>
      )}
      <div className="composer-row">
        <textarea
          ref={field}
          className="composer-field"
          dir="auto"
          rows={1}
          aria-label={label}
          placeholder={label}
          value={text}
          onChange={(event) => onText(event.target.value)}
          onKeyDown={pressed}
        />
        <button type="submit" className="composer-send" disabled={!canSend} aria-label={t('conversation.send')}>
          {isBusy ? <span className="spinner" aria-hidden="true" /> : <Icon name="send" />}
        </button>
      </div>
      {count > warnFrom && (
        <p className={count > mostCharacters ? 'field-error' : 'field-hint'} role="status">
          <bdi className="ltr">
            {count} / {mostCharacters}
          </bdi>
        </p>
      )}
    </form>
  )
}

/** As tall as what is written, to a limit. */
function useGrowing(field: RefObject<HTMLTextAreaElement | null>, text: string): void {
  useLayoutEffect(() => {
    const element = field.current
    if (!element) return
    element.style.setProperty('block-size', 'auto')
    element.style.setProperty('block-size', `${Math.min(element.scrollHeight + 2, tallestPx)}px`)
  }, [field, text])
}
