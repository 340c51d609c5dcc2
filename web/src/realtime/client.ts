/**
 * The live side of a page, without a browser and without React: one connection, copies of streams, unsent posts, read
 * marks and stock. Tells an observer what changed; what is shown, and how, is none of its business.
 */
import { Connection, type TokenSource } from './connection'
import type { PresenceEvent, ReadEvent, StockEvent, TypingEvent } from './events.gen'
import type { ReadEntries } from './follower'
import { Outbox, type Storage, type Unsent } from './outbox'
import { Poster } from './poster'
import { ReadMarks } from './readMarks'
import { StockWatch } from './stockWatch'
import { Streams } from './streams'
import type { Entry, Link, PostType, Report, Transport } from './wire'

export interface StreamCopy {
  entries: readonly Entry[]
  /** There are earlier entries that this copy does not hold. */
  hasEarlier: boolean
  /** The server sends what comes; otherwise the copy may be behind. */
  isLive: boolean
  unsent: readonly Unsent[]
}

export interface Observer {
  copy(stream: string, copy: StreamCopy): void
  /** Entries that came after the first load of a copy, or into a stream that is only listened to. */
  arrived(stream: string, entries: readonly Entry[]): void
  read(event: ReadEvent): void
  /** The reader's own mark moved. */
  ownRead(stream: string, seq: number): void
  typing(event: TypingEvent): void
  presence(event: PresenceEvent): void
  stock(event: StockEvent): void
  /** Whether news arrives; `again` when it did before, so that something may have been missed. */
  connected(isOpen: boolean, again: boolean): void
}

export interface LiveOptions {
  transport: Transport
  tokens: TokenSource
  storage: Storage
  readEntries: ReadEntries
  observer: Observer
  /** A new UUID. */
  newId: () => string
  random?: () => number
}

const lingerMs = 1000

export class LiveClient {
  private readonly connection: Connection
  private readonly streams: Streams
  private readonly stock: StockWatch
  private readonly random: () => number
  private outbox: Outbox | null = null
  private poster: Poster | null = null
  private marks: ReadMarks
  private userId: string | null = null
  private hasBeenOpen = false
  /** How many look at stock that a connection is to be made for. */
  private stockNeeds = 0

  constructor(private readonly options: LiveOptions) {
    const { observer, transport, tokens } = options
    this.random = options.random ?? Math.random
    this.connection = new Connection(
      transport,
      tokens,
      { opened: this.opened, lost: this.lost, told: this.told },
      this.random,
    )
    this.streams = new Streams(options.readEntries, {
      changed: this.publish,
      arrived: this.arrived,
      failed: this.failed,
    })
    this.stock = new StockWatch(observer.stock, this.failed)
    this.marks = new ReadMarks(observer.ownRead, this.failed)
  }

  /** Who the page belongs to now; a user wants a connection, a stranger only while stock is watched. */
  setUser(userId: string | null): void {
    if (userId === this.userId) return
    this.userId = userId
    this.hasBeenOpen = false
    this.streams.forgetCopies()
    this.marks = new ReadMarks(this.options.observer.ownRead, this.failed)
    this.poster?.stop()
    this.outbox = userId === null ? null : new Outbox(this.options.storage, userId, this.publish)
    this.poster = this.outbox && new Poster(this.outbox, () => this.connection.link, this.random, this.failed)
    this.connection.restart()
    this.wantConnection()
  }

  /** Keeps a copy of a stream until the function it returns is called. */
  follow(stream: string): () => void {
    return this.streams.follow(stream)
  }

  /** Hears what comes into a stream, without keeping a copy. */
  listen(stream: string): () => void {
    return this.streams.listen(stream)
  }

  async copyOf(stream: string): Promise<StreamCopy> {
    await this.streams.ready(stream)
    return this.copy(stream)
  }

  loadEarlier(stream: string): Promise<void> {
    return this.streams.loadEarlier(stream)
  }

  /** With `whenConnected` no connection is made for it; one that a stranger has had is kept. */
  watch(productIds: readonly string[], need: 'always' | 'whenConnected' = 'always'): () => void {
    const stop = this.stock.add(productIds)
    const weight = need === 'always' ? 1 : 0
    this.stockNeeds += weight
    this.wantConnection()
    return () => {
      stop()
      this.stockNeeds -= weight
      // Not at once: the next page may need it again.
      setTimeout(() => this.wantConnection(), lingerMs)
    }
  }

  /** Says something as soon as it can. Returns its id. */
  post(stream: string, type: PostType, data: Record<string, unknown>): string {
    if (!this.outbox) throw new Error('a stranger cannot post')
    const id = this.options.newId()
    this.outbox.add({ id, stream, type, data, at: new Date().toISOString() })
    void this.poster?.send(stream)
    return id
  }

  retry(stream: string, id: string): void {
    this.outbox?.retry(id)
    void this.poster?.send(stream)
  }

  dropUnsent(id: string): void {
    this.outbox?.drop(id)
  }

  read(stream: string, seq: number): void {
    this.marks.read(stream, seq)
  }

  typing(stream: string): void {
    this.connection.link?.typing({ stream })
  }

  /** The network is back, or somebody looks at the page again. */
  nudge(): void {
    this.connection.nudge()
  }

  /** The network is gone, whatever the connection still believes. */
  interrupt(): void {
    this.connection.restart()
  }

  close(): void {
    this.connection.want(false)
  }

  private wantConnection(): void {
    const isKept = this.hasBeenOpen && !this.stock.isEmpty
    this.connection.want(this.userId !== null || this.stockNeeds > 0 || isKept)
  }

  private readonly opened = (link: Link): void => {
    this.stock.connected(link)
    if (this.userId !== null) {
      this.streams.connected(link)
      this.marks.connected(link)
      this.poster?.sendAll()
    }
    this.options.observer.connected(true, this.hasBeenOpen)
    this.hasBeenOpen = true
  }

  private readonly lost = (): void => {
    this.stock.disconnected()
    this.streams.disconnected()
    this.marks.disconnected()
    this.options.observer.connected(false, true)
  }

  private readonly failed = (link: Link): void => this.connection.fail(link)

  private readonly told = (report: Report): void => {
    const { observer } = this.options
    if (report.name === 'entry') {
      const { stream, ...entry } = report.payload
      this.streams.entry(stream, entry)
    } else if (report.name === 'head') this.streams.head(report.payload.stream, report.payload.seq)
    else if (report.name === 'read') observer.read(report.payload)
    else if (report.name === 'typing') observer.typing(report.payload)
    else if (report.name === 'presence') observer.presence(report.payload)
    else if (report.name === 'stock') this.stock.hear(report.payload)
  }

  private readonly arrived = (stream: string, entries: readonly Entry[]): void =>
    this.options.observer.arrived(stream, entries)

  private readonly publish = (stream: string): void => {
    if (this.streams.has(stream)) this.options.observer.copy(stream, this.copy(stream))
  }

  private copy(stream: string): StreamCopy {
    const log = this.streams.log(stream)
    const entries = log?.entries ?? []
    this.outbox?.arrived(stream, entries, log?.last ?? 0)
    return {
      entries,
      hasEarlier: (log?.before ?? 0) > 0,
      isLive: this.streams.isLive(stream),
      unsent: this.outbox?.of(stream) ?? [],
    }
  }
}
