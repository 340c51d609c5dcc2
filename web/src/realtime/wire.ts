/** What travels between this page and the server, and the little that the library needs of whatever carries it. */
import type {
  AuthAck,
  AuthPayload,
  EntryEvent,
  ExpiringEvent,
  HeadEvent,
  PostAck,
  PostPayload,
  PresenceEvent,
  ReadAck,
  ReadEvent,
  ReadPayload,
  Refusal,
  StockEvent,
  SubscribeAck,
  SubscribePayload,
  TypingEvent,
  TypingPayload,
  UnsubscribeAck,
  UnsubscribePayload,
  WatchAck,
  WatchPayload,
} from './events.gen'

export type { Entry, Refusal } from './events.gen'
export type PostType = PostPayload['type']

/** Every event that is answered. */
export interface Asks {
  subscribe: { payload: SubscribePayload; ack: SubscribeAck }
  unsubscribe: { payload: UnsubscribePayload; ack: UnsubscribeAck }
  post: { payload: PostPayload; ack: PostAck }
  read: { payload: ReadPayload; ack: ReadAck }
  watch: { payload: WatchPayload; ack: WatchAck }
  auth: { payload: AuthPayload; ack: AuthAck }
}

export type Asked = keyof Asks
export type Answer<E extends Asked> = Asks[E]['ack'] | Refusal

/** Everything that comes unasked. */
export interface News {
  entry: EntryEvent
  head: HeadEvent
  read: ReadEvent
  typing: TypingEvent
  presence: PresenceEvent
  stock: StockEvent
  expiring: ExpiringEvent
}

export type NewsName = keyof News

export const newsNames: readonly NewsName[] = ['entry', 'head', 'read', 'typing', 'presence', 'stock', 'expiring']

export type Report = { [E in NewsName]: { name: E; payload: News[E] } }[NewsName]

export interface LinkHandlers {
  opened(): void
  /** The server let nobody in; `code` is its reason, null when it was not even reached. */
  refused(code: string | null): void
  /** `ended`: the server closed it on purpose. */
  closed(reason: 'lost' | 'ended'): void
  told(report: Report): void
}

/** One connection from its opening to its end. After `close` no handler is called any more. */
export interface Link {
  /** Rejects with `LinkLost` when no answer came. */
  ask<E extends Asked>(event: E, payload: Asks[E]['payload']): Promise<Answer<E>>
  typing(payload: TypingPayload): void
  close(): void
}

export interface Transport {
  open(token: string | null, handlers: LinkHandlers): Link
}

/** The connection went, or did not answer in time: what was asked may or may not have been done. */
export class LinkLost extends Error {
  constructor() {
    super('the connection was lost')
    this.name = 'LinkLost'
  }
}
