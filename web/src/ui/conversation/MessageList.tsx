import { Fragment, useEffect, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { isSameDay, type Happened, type Said, type ShownItem } from '@/lib/conversation'
import { formatWeekday } from '@/lib/dates'
import { useLocale } from '@/lib/useLocale'
import { Icon } from '../Icon'
import { MessageBubble, type MessageActions } from './MessageBubble'
import { nearPx, useStuckToEnd } from './useStuckToEnd'
import './messages.css'

interface ListProps extends MessageActions {
  label: string
  items: readonly ShownItem[]
  hasEarlier: boolean
  onEarlier: () => Promise<void>
  /** The end of the conversation is in view. */
  onSeen: () => void
  /** How something beside the words is told; null when it is not shown. */
  describe: (item: Happened) => ReactNode
  children?: ReactNode
}

export function MessageList({
  label,
  items,
  hasEarlier,
  onEarlier,
  onSeen,
  describe,
  children,
  ...actions
}: ListProps) {
  const { t } = useTranslation()
  const { box, isAtEnd, toEnd, onScroll } = useStuckToEnd(items)
  const [isLoading, setIsLoading] = useState(false)
  useSeen(isAtEnd, items, onSeen)

  const loadEarlier = async () => {
    if (isLoading) return
    setIsLoading(true)
    await onEarlier().catch(() => undefined)
    setIsLoading(false)
  }

  return (
    <div className="messages-frame">
      <div
        ref={box}
        className="messages"
        role="log"
        aria-label={label}
        aria-live="polite"
        // Scrolled with the keyboard too, so it takes the focus.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        onScroll={(event) => {
          onScroll()
          if (event.currentTarget.scrollTop < nearPx && hasEarlier) void loadEarlier()
        }}
      >
        {hasEarlier && (
          <button type="button" className="messages-earlier" disabled={isLoading} onClick={() => void loadEarlier()}>
            {isLoading ? t('loading') : t('conversation.earlier')}
          </button>
        )}
        {items.map((item, index) => (
          <Fragment key={item.key}>
            <DaySeparator item={item} previous={items[index - 1]} />
            {item.kind === 'said' ? (
              <MessageBubble said={item} isFirst={startsGroup(items[index - 1], item)} {...actions} />
            ) : (
              <Happening>{describe(item)}</Happening>
            )}
          </Fragment>
        ))}
        {children}
      </div>
      {!isAtEnd && (
        <button type="button" className="messages-latest" onClick={toEnd}>
          <Icon name="send" size={18} />
          <span className="visually-hidden">{t('conversation.latest')}</span>
        </button>
      )}
    </div>
  )
}

/** A speaker's name stands above the first of several messages only. */
const startsGroup = (previous: ShownItem | undefined, said: Said): boolean =>
  previous?.kind !== 'said' || previous.author?.id !== said.author?.id || !isSameDay(previous.at, said.at)

function DaySeparator({ item, previous }: { item: ShownItem; previous: ShownItem | undefined }) {
  const locale = useLocale()
  if (previous && isSameDay(previous.at, item.at)) return null
  return (
    <p className="messages-day">
      <span>{formatWeekday(item.at, locale)}</span>
    </p>
  )
}

function Happening({ children }: { children: ReactNode }) {
  if (children === null) return null
  return <p className="messages-event">{children}</p>
}

/** Seen means: its end is in view, on a page that is looked at. */
function useSeen(isAtEnd: boolean, items: readonly ShownItem[], onSeen: () => void): void {
  useEffect(() => {
    const look = () => {
      if (isAtEnd && items.length > 0 && document.visibilityState === 'visible') onSeen()
    }
    look()
    document.addEventListener('visibilitychange', look)
    return () => document.removeEventListener('visibilitychange', look)
  }, [isAtEnd, items, onSeen])
}
