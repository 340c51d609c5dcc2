/** Sends what is in the outbox: stream by stream, one after another, again until the server says yes or never. */
import { Backoff, pause } from './backoff'
import type { Outbox } from './outbox'
import { LinkLost, type Link, type Refusal } from './wire'

/** Refusals that say nothing about the message itself. */
const passing = new Set([
  'rate_limited',
  'too_many_requests',
  'unavailable',
  'busy',
  'internal',
  'unauthenticated',
  'token_expired',
])

const isPassing = (refusal: Refusal): boolean => refusal.retryAfterMs !== undefined || passing.has(refusal.code)

const firstRetryMs = 500
const mostRetryMs = 20_000

export class Poster {
  private readonly busy = new Set<string>()
  private isStopped = false

  constructor(
    private readonly outbox: Outbox,
    private readonly link: () => Link | null,
    private readonly random: () => number,
    private readonly failed: (link: Link) => void,
  ) {}

  sendAll(): void {
    for (const stream of this.outbox.streams()) void this.send(stream)
  }

  /** Another user has the page: nothing of this one may go out under the other's name. */
  stop(): void {
    this.isStopped = true
  }

  /** One at a time in each stream, so that they arrive in the order they were said. */
  async send(stream: string): Promise<void> {
    if (this.busy.has(stream)) return
    this.busy.add(stream)
    const backoff = new Backoff(firstRetryMs, mostRetryMs, this.random)
    let link: Link | null = null
    try {
      for (;;) {
        link = this.isStopped ? null : this.link()
        const item = this.outbox.next(stream)
        if (!link || !item) return
        const { id, type, data } = item
        const answer = await link.ask('post', { stream, id, type, data })
        if (answer.ok) {
          backoff.reset()
          this.outbox.posted(id, answer.seq)
        } else if (isPassing(answer)) {
          await pause(answer.retryAfterMs ?? backoff.next())
        } else {
          this.outbox.refused(id, answer.code)
        }
      }
    } catch (cause) {
      if (!(cause instanceof LinkLost)) throw cause
      if (link) this.failed(link)
    } finally {
      this.busy.delete(stream)
    }
  }
}
