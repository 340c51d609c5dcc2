/** The streams that somebody looks at, counted: those of which a copy is kept, and those that are only listened to. */
import { Follower, type ReadEntries } from './follower'
import { askPatiently } from './patience'
import type { StreamLog } from './streamLog'
import type { Entry, Link } from './wire'

interface Watcher {
  changed(stream: string): void
  arrived(stream: string, entries: readonly Entry[]): void
  failed(link: Link): void
}

interface Followed {
  follower: Follower
  count: number
  timer: ReturnType<typeof setTimeout> | undefined
  /** Left over from another user: nothing is asked for it until somebody wants to see it again. */
  isDormant: boolean
}

/** A stream that nobody looks at any more is let go only after this, so that a step to the next page costs nothing. */
const lingerMs = 5000

/** An order's story is short and told from its beginning; of the others the end is enough at first. */
const isWhole = (stream: string): boolean => stream.startsWith('order:')

export class Streams {
  private readonly followed = new Map<string, Followed>()
  private readonly listened = new Map<string, number>()
  private link: Link | null = null
  /** Those to listen to that the server has not been told of, the one it is being told first. */
  private unheard: string[] = []

  constructor(
    private readonly readEntries: ReadEntries,
    private readonly watcher: Watcher,
  ) {}

  has = (stream: string): boolean => this.followed.has(stream)

  log = (stream: string): StreamLog | null => this.followed.get(stream)?.follower.log ?? null

  isLive = (stream: string): boolean => this.followed.get(stream)?.follower.isLive ?? false

  follow(stream: string): () => void {
    const held = this.followed.get(stream)
    if (held) {
      clearTimeout(held.timer)
      held.count += 1
      this.wake(held)
    } else {
      this.start(stream, 1)
    }
    return once(() => this.release(stream))
  }

  listen(stream: string): () => void {
    const count = this.listened.get(stream)
    this.listened.set(stream, (count ?? 0) + 1)
    if (count === undefined) this.hear(stream)
    return once(() => {
      this.listened.set(stream, (this.listened.get(stream) ?? 1) - 1)
      setTimeout(() => this.hearNoMore(stream), lingerMs)
    })
  }

  async ready(stream: string): Promise<void> {
    const held = this.followed.get(stream) ?? this.start(stream, 0)
    this.wake(held)
    await held.follower.ready()
  }

  async loadEarlier(stream: string): Promise<void> {
    await this.followed.get(stream)?.follower.loadEarlier()
  }

  entry(stream: string, entry: Entry): void {
    const follower = this.followed.get(stream)?.follower
    if (follower) follower.entry(entry)
    else if (this.listened.has(stream)) this.watcher.arrived(stream, [entry])
  }

  head(stream: string, seq: number): void {
    this.followed.get(stream)?.follower.head(seq)
  }

  connected(link: Link): void {
    this.link = link
    for (const { follower, isDormant } of this.followed.values()) if (!isDormant) void follower.connected(link)
    this.unheard = [...this.listened.keys()]
    void this.hearAll(link)
  }

  disconnected(): void {
    this.link = null
    for (const { follower } of this.followed.values()) follower.disconnected()
  }

  /** Nothing of what one user read may be seen by the next. */
  forgetCopies(): void {
    for (const [stream, held] of this.followed) {
      held.follower.disconnected()
      held.follower = this.makeFollower(stream)
      held.isDormant = true
    }
  }

  private start(stream: string, count: number): Followed {
    const held: Followed = { follower: this.makeFollower(stream), count, timer: undefined, isDormant: false }
    this.followed.set(stream, held)
    if (this.link) void held.follower.connected(this.link)
    if (count === 0) this.letGoLater(stream, held)
    return held
  }

  private wake(held: Followed): void {
    if (!held.isDormant) return
    held.isDormant = false
    if (this.link) void held.follower.connected(this.link)
  }

  private makeFollower(stream: string): Follower {
    const isCurrent = (follower: Follower) => this.followed.get(stream)?.follower === follower
    return new Follower(stream, isWhole(stream), this.readEntries, {
      changed: (follower) => isCurrent(follower) && this.watcher.changed(stream),
      arrived: (follower, entries) => isCurrent(follower) && this.watcher.arrived(stream, entries),
      failed: (link) => this.watcher.failed(link),
    })
  }

  private release(stream: string): void {
    const held = this.followed.get(stream)
    if (!held) return
    held.count -= 1
    if (held.count === 0) this.letGoLater(stream, held)
  }

  private letGoLater(stream: string, held: Followed): void {
    clearTimeout(held.timer)
    held.timer = setTimeout(() => {
      if (held.count > 0 || this.followed.get(stream) !== held) return
      held.follower.disconnected()
      this.followed.delete(stream)
      if (this.listened.has(stream)) this.hear(stream)
      else this.leave(stream)
    }, lingerMs)
  }

  private leave(stream: string): void {
    if (this.followed.has(stream) || this.listened.has(stream)) return
    // When it fails, the server forgets the stream with the connection.
    if (this.link) void askPatiently(this.link, 'unsubscribe', { stream }).catch(() => undefined)
  }

  private hearNoMore(stream: string): void {
    if (this.listened.get(stream) !== 0) return
    this.listened.delete(stream)
    this.leave(stream)
  }

  private hear(stream: string): void {
    if (!this.link) return
    this.unheard.push(stream)
    if (this.unheard.length === 1) void this.hearAll(this.link)
  }

  /** One after another: a long list asked for at once would run into the server's limits. */
  private async hearAll(link: Link): Promise<void> {
    try {
      for (let stream = this.unheard[0]; stream !== undefined && this.link === link; stream = this.unheard[0]) {
        const isWanted = this.listened.has(stream) && !this.followed.has(stream)
        if (isWanted) await askPatiently(link, 'subscribe', { stream })
        if (this.link === link) this.unheard.shift()
      }
    } catch {
      this.watcher.failed(link)
    }
  }
}

function once(run: () => void): () => void {
  let isDone = false
  return () => {
    if (isDone) return
    isDone = true
    run()
  }
}
