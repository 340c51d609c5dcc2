/**
 * Keeps the copy of one stream true: loads it, catches up after every silence, and notices holes. Whatever the
 * connection does, entries come into the log once and in order, because only the log's next number is taken.
 */
import { pause } from './backoff'
import { askPatiently } from './patience'
import { append, emptyLog, logOf, prepend, type StreamLog } from './streamLog'
import type { Entry, Link } from './wire'

export interface EntriesPage {
  entries: Entry[]
  head: number
}

/** What `GET /streams/{key}/entries` gives. */
export type ReadEntries = (
  key: string,
  range: { after?: number; before?: number; limit: number },
) => Promise<EntriesPage>

interface Watcher {
  changed(follower: Follower): void
  /** New entries, in order, beyond those of the first load. */
  arrived(follower: Follower, entries: readonly Entry[]): void
  failed(link: Link): void
}

const pageSize = 50
const wholePageSize = 200
/** Between two questions of which the first brought nothing new. */
const idleRoundMs = 250

export class Follower {
  log: StreamLog | null = null
  isLive = false
  private link: Link | null = null
  private loading: Promise<void> | null = null
  private isCatchingUp = false
  private knownHead = 0
  private earlier: Promise<void> | null = null

  constructor(
    readonly key: string,
    private readonly isWhole: boolean,
    private readonly readEntries: ReadEntries,
    private readonly watcher: Watcher,
  ) {}

  /** Resolves once there is a first copy; rejects with the reason why there is none. */
  ready(): Promise<void> {
    if (this.log) return Promise.resolve()
    this.loading ??= this.load().finally(() => {
      this.loading = null
    })
    return this.loading
  }

  async connected(link: Link): Promise<void> {
    this.link = link
    // Whoever waits for the first copy hears why it failed, and asks again.
    if (!this.log) await this.ready().catch(() => undefined)
    if (this.log && this.link === link) await this.catchUp()
  }

  disconnected(): void {
    this.link = null
    this.isCatchingUp = false
    if (!this.isLive) return
    this.isLive = false
    this.watcher.changed(this)
  }

  entry(entry: Entry): void {
    this.hear(entry.seq)
    if (!this.log) return
    if (entry.seq === this.log.last + 1) this.take([entry])
    else if (entry.seq > this.log.last) void this.catchUp()
  }

  head(seq: number): void {
    this.hear(seq)
    if (this.log && seq > this.log.last) void this.catchUp()
  }

  loadEarlier(): Promise<void> {
    this.earlier ??= this.readEarlier().finally(() => {
      this.earlier = null
    })
    return this.earlier
  }

  private hear(seq: number): void {
    this.knownHead = Math.max(this.knownHead, seq)
  }

  private take(entries: readonly Entry[]): boolean {
    if (!this.log) return false
    const next = append(this.log, entries)
    if (next === this.log) return false
    const arrived = next.entries.slice(this.log.entries.length)
    this.log = next
    this.watcher.changed(this)
    this.watcher.arrived(this, arrived)
    return true
  }

  private async load(): Promise<void> {
    let log: StreamLog
    if (this.isWhole) {
      log = emptyLog()
      for (;;) {
        const page = await this.readEntries(this.key, { after: log.last, limit: wholePageSize })
        const next = append(log, page.entries)
        const isAll = next.last >= page.head || next === log
        log = next
        if (isAll) break
      }
    } else {
      const { entries, head } = await this.readEntries(this.key, { limit: pageSize })
      log = logOf(entries, head)
    }
    this.log = log
    this.watcher.changed(this)
    void this.catchUp()
  }

  private async readEarlier(): Promise<void> {
    if (!this.log || this.log.before === 0) return
    const { entries } = await this.readEntries(this.key, { before: this.log.before + 1, limit: pageSize })
    if (!this.log) return
    this.log = prepend(this.log, entries)
    this.watcher.changed(this)
  }

  /** Asks for what comes after the log until nothing is missing; the server sends live from then on. */
  private async catchUp(): Promise<void> {
    const { link } = this
    if (!link || this.isCatchingUp) return
    this.isCatchingUp = true
    try {
      while (this.link === link && (await this.askOnce(link)));
    } catch {
      // No answer, or none to start over from: a new connection asks again.
      if (this.link === link) this.watcher.failed(link)
    } finally {
      if (this.link === link) this.isCatchingUp = false
    }
  }

  /** One question; true when there must be another. */
  private async askOnce(link: Link): Promise<boolean> {
    const after = this.log?.last ?? 0
    const answer = await askPatiently(link, 'subscribe', { stream: this.key, after })
    if (this.link !== link || !answer.ok) return false
    if ('reset' in answer) {
      // The server knows less than this copy, as after a restored backup: what it says now is the truth.
      this.log = null
      this.knownHead = 0
      await this.ready()
      return true
    }
    const isProgress = this.take(answer.entries)
    this.hear(answer.head)
    const isBehind = answer.more || (this.log?.last ?? 0) < this.knownHead
    if (isBehind && !isProgress) await pause(idleRoundMs)
    if (!isBehind && !this.isLive) {
      this.isLive = true
      this.watcher.changed(this)
    }
    return isBehind
  }
}
