import type { KeyboardEvent, ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Happened, LiveConversation } from '@/lib/conversation'
import { LoadFailure, LoadingBlocks } from '../Feedback'
import { useToast } from '../Toasts'
import { Composer } from './Composer'
import { MessageList } from './MessageList'
import { TypingLine } from './TypingLine'
import type { Draft } from './useDraft'
import './conversation.css'

interface PaneProps {
  conversation: LiveConversation
  draft: Draft
  /** What is talked about, for those who hear the page. */
  label: string
  /** What the text field asks for. */
  prompt: string
  describe: (item: Happened) => ReactNode
  /** Said while nothing has been said yet. */
  welcome: ReactNode
  canRemoveAll?: boolean
  onKey?: (event: KeyboardEvent<HTMLTextAreaElement>) => boolean
  /** Stands right above the text field. */
  children?: ReactNode
}

/** A whole conversation: what was said, who is typing, and where to write. */
export function ConversationPane(props: PaneProps) {
  const { conversation, draft, label, prompt, describe, welcome, canRemoveAll, onKey, children } = props
  const { t } = useTranslation()
  const toast = useToast()

  const send = () => {
    const text = draft.text.trim()
    const seq = draft.edited?.seq
    const isTaken = seq == null ? conversation.send(text) : conversation.edit(seq, text)
    if (isTaken) draft.clear()
    else toast({ text: t('conversation.tooManyUnsent'), tone: 'bad' })
  }

  return (
    <div className="conversation">
      {conversation.error ? (
        <div className="conversation-body">
          <LoadFailure error={conversation.error} onRetry={conversation.reload} />
        </div>
      ) : conversation.isPending ? (
        <div className="conversation-body">
          <LoadingBlocks count={2} />
        </div>
      ) : (
        <MessageList
          label={label}
          items={conversation.items}
          hasEarlier={conversation.hasEarlier}
          onEarlier={conversation.loadEarlier}
          onSeen={conversation.markRead}
          describe={describe}
          onEdit={draft.edit}
          onRemove={(said) => said.seq !== null && conversation.remove(said.seq)}
          onRetry={conversation.retry}
          onDrop={conversation.drop}
          canRemoveAll={canRemoveAll}
        >
          {conversation.items.length === 0 && <div className="conversation-welcome">{welcome}</div>}
        </MessageList>
      )}
      <TypingLine typists={conversation.typists} />
      <Composer
        field={draft.field}
        label={prompt}
        text={draft.text}
        onText={(text) => {
          draft.setText(text)
          if (text !== '') conversation.typed()
        }}
        onSend={send}
        onCancelEdit={draft.edited ? draft.clear : undefined}
        onKey={onKey}
      >
        {children}
      </Composer>
    </div>
  )
}
