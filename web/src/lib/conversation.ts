/** A conversation as it is shown, whoever shows it. */

export interface Speaker {
  id: string
  name: string
  role: 'guest' | 'customer' | 'staff' | 'admin'
}

export interface Said {
  kind: 'said'
  /** The entry's id, the same before and after it was sent. */
  key: string
  /** Null until the server has it. */
  seq: number | null
  /** Null for the shop itself. */
  author: Speaker | null
  /** Said by the reader. */
  isMine: boolean
  /** Said from the reader's side: theirs, or by others of the staff. */
  isOurs: boolean
  /** Null when it was taken back. */
  text: string | null
  isEdited: boolean
  isAutomatic: boolean
  at: string
  state: 'sent' | 'seen' | 'sending' | 'failed'
  /** What to try again or drop when it failed: the message itself, or a change of it. */
  unsentId: string | null
  /** The server's reason when it failed. */
  problem: string | null
}

/** Something beside the words: an order moved on, a conversation was taken. */
export interface Happened {
  kind: 'happened'
  key: string
  at: string
  type: string
  author: Speaker | null
  data: Record<string, unknown>
}

export type ShownItem = Said | Happened

/** A conversation that goes on while it is shown. */
export interface LiveConversation {
  items: readonly ShownItem[]
  isPending: boolean
  /** Why there is nothing to show. */
  error: Error | null
  hasEarlier: boolean
  typists: readonly { userId: string; name: string }[]
  reload: () => void
  loadEarlier: () => Promise<void>
  /** False when too much waits to be sent already. */
  send: (text: string) => boolean
  edit: (seq: number, text: string) => boolean
  remove: (seq: number) => boolean
  retry: (unsentId: string) => void
  drop: (unsentId: string) => void
  /** The reader is typing. */
  typed: () => void
  /** Everything there is has been seen. */
  markRead: () => void
}

export const mostCharacters = 8000

/** In characters as people count them, not in the units of UTF-16. */
export const characterCount = (text: string): number => [...text].length

/** Whether two moments are of one day where the reader is. */
export const isSameDay = (a: string, b: string): boolean => new Date(a).toDateString() === new Date(b).toDateString()

export const isStaffRole = (role: Speaker['role'] | undefined): boolean => role === 'staff' || role === 'admin'
