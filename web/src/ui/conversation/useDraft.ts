import { useRef, useState, type RefObject } from 'react'
import type { Said } from '@/lib/conversation'

export interface Draft {
  text: string
  setText: (text: string) => void
  /** The message that is being changed, if one is. */
  edited: Said | null
  edit: (said: Said) => void
  clear: () => void
  field: RefObject<HTMLTextAreaElement | null>
}

/** What is being written; kept by whoever outlives the panel that shows it. */
export function useDraft(): Draft {
  const [text, setText] = useState('')
  const [edited, setEdited] = useState<Said | null>(null)
  const field = useRef<HTMLTextAreaElement>(null)
  return {
    text,
    setText,
    edited,
    edit: (said) => {
      setEdited(said)
      setText(said.text ?? '')
      field.current?.focus()
    },
    clear: () => {
      setEdited(null)
      setText('')
    },
    field,
  }
}
