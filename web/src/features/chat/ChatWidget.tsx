import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSession } from '@/api/session'
import { isStaffRole } from '@/lib/conversation'
import { useStream, useUnread } from '@/realtime/hooks'
import { Icon } from '@/ui/Icon'
import './chat.css'

const ChatPanel = lazy(async () => ({ default: (await import('./ChatPanel')).ChatPanel }))

/** The shopper's way to talk to the shop, on every page. Staff have a desk of their own. */
export function ChatWidget() {
  const { user, status } = useSession()
  if (status === 'starting' || isStaffRole(user?.role)) return null
  return <Chat userId={user?.id ?? null} />
}

/** Stays the same while a stranger becomes a guest, so that the panel does not close on the first message. */
function Chat({ userId }: { userId: string | null }) {
  const [isOpen, setIsOpen] = useState(false)
  const launcher = useRef<HTMLButtonElement>(null)
  const wasOpen = useRef(false)
  const stream = userId === null ? null : `support:${userId}`
  useStream(stream)

  useEffect(() => {
    if (!isOpen && wasOpen.current) launcher.current?.focus()
    wasOpen.current = isOpen
  }, [isOpen])

  if (!isOpen) return <Launcher ref={launcher} stream={stream} onOpen={() => setIsOpen(true)} />
  return (
    <Suspense fallback={null}>
      <ChatPanel onClose={() => setIsOpen(false)} />
    </Suspense>
  )
}

interface LauncherProps {
  ref: React.Ref<HTMLButtonElement>
  stream: string | null
  onOpen: () => void
}

function Launcher({ ref, stream, onOpen }: LauncherProps) {
  const { t } = useTranslation()
  const unread = useUnread(stream)
  return (
    <button
      ref={ref}
      type="button"
      className="chat-launcher"
      aria-label={unread > 0 ? t('chat.openUnread', { count: unread }) : t('chat.open')}
      onClick={onOpen}
    >
      <Icon name="chat" size={26} />
      {unread > 0 && (
        <span className="shell-count" aria-hidden="true">
          {unread > 99 ? '99+' : unread}
        </span>
      )}
    </button>
  )
}
