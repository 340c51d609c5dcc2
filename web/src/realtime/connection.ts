/**
 * The one connection of a page: when it is there, with whose token, and how it comes back. Knows nothing of streams.
 */
import { Backoff } from './backoff'
import { askPatiently } from './patience'
import { LinkLost, type Link, type Report, type Transport } from './wire'

export interface Token {
  value: string
  /** Milliseconds since the epoch. */
  endsAt: number
}

export interface TokenSource {
  /** A token good for at least this long, renewed when need be; null for a stranger. */
  current(minLifeMs: number): Promise<Token | null>
  renew(): Promise<Token | null>
}

interface Handlers {
  opened(link: Link): void
  lost(): void
  told(report: Report): void
}

const firstRetryMs = 500
const mostRetryMs = 15_000
/** A connection that held this long starts the waiting anew. */
const steadyMs = 5000
const connectLifeMs = 20_000
const expiringMarginMs = 10_000

type Timer = ReturnType<typeof setTimeout> | undefined

export class Connection {
  link: Link | null = null
  private opening: Link | null = null
  private isWanted = false
  private isTrying = false
  private mustRenew = false
  /** Counts attempts, so that answers to an earlier one are known and dropped. */
  private attempt = 0
  private retryTimer: Timer
  private renewTimer: Timer
  private steadyTimer: Timer
  private readonly backoff: Backoff

  constructor(
    private readonly transport: Transport,
    private readonly tokens: TokenSource,
    private readonly handlers: Handlers,
    random: () => number,
  ) {
    this.backoff = new Backoff(firstRetryMs, mostRetryMs, random)
  }

  want(isWanted: boolean): void {
    if (isWanted === this.isWanted) return
    this.isWanted = isWanted
    if (isWanted) void this.open()
    else this.drop()
  }

  /** Something changed for the better, so waiting makes no sense: try now. */
  nudge(): void {
    if (!this.isWanted || this.link || this.isTrying) return
    this.backoff.reset()
    void this.open()
  }

  /** Gives up what is open and starts over: another user, or a network that is known to be gone. */
  restart(): void {
    if (!this.isWanted) return
    this.drop()
    void this.open()
  }

  /** A question went unanswered: whatever is there does not work. */
  fail(link: Link): void {
    if (link !== this.link) return
    this.drop()
    this.retryLater()
  }

  private drop(): void {
    this.attempt += 1
    this.isTrying = false
    clearTimeout(this.retryTimer)
    clearTimeout(this.renewTimer)
    clearTimeout(this.steadyTimer)
    const { link } = this
    this.opening?.close()
    link?.close()
    this.opening = null
    this.link = null
    if (link) this.handlers.lost()
  }

  private async open(): Promise<void> {
    this.drop()
    const attempt = this.attempt
    this.isTrying = true
    let token: Token | null
    try {
      token = this.mustRenew ? await this.tokens.renew() : await this.tokens.current(connectLifeMs)
    } catch {
      if (attempt === this.attempt) this.retryLater()
      return
    }
    if (attempt !== this.attempt) return
    this.mustRenew = false
    const isCurrent = () => attempt === this.attempt
    const link = this.transport.open(token?.value ?? null, {
      opened: () => isCurrent() && this.opened(link, token),
      refused: (code) => isCurrent() && this.refused(code),
      closed: (reason) => isCurrent() && this.closed(reason === 'ended' && token !== null),
      told: (report) => isCurrent() && this.told(link, report),
    })
    this.opening = link
  }

  private opened(link: Link, token: Token | null): void {
    this.opening = null
    this.isTrying = false
    this.link = link
    this.steadyTimer = setTimeout(() => this.backoff.reset(), steadyMs)
    if (token) this.renewIn(link, token.endsAt - Date.now())
    this.handlers.opened(link)
  }

  private refused(code: string | null): void {
    this.mustRenew = code !== null && ['token_expired', 'token_invalid', 'unauthenticated'].includes(code)
    this.drop()
    this.retryLater()
  }

  /** A server that ends a session's socket wants to see a new token first. */
  private closed(mustRenew: boolean): void {
    this.mustRenew = mustRenew
    this.drop()
    this.retryLater()
  }

  private retryLater(): void {
    if (!this.isWanted) return
    this.isTrying = false
    this.retryTimer = setTimeout(() => void this.open(), this.backoff.next())
  }

  private told(link: Link, report: Report): void {
    if (report.name === 'expiring') void this.renew(link, report.payload.inSeconds * 1000 + expiringMarginMs)
    else this.handlers.told(report)
  }

  private renewIn(link: Link, lifeMs: number): void {
    clearTimeout(this.renewTimer)
    this.renewTimer = setTimeout(() => void this.renew(link, lifeMs / 2), Math.max(lifeMs * 0.75, 1000))
  }

  private async renew(link: Link, minLifeMs: number): Promise<void> {
    try {
      const token = await this.tokens.current(minLifeMs)
      if (link !== this.link) return
      if (!token) return this.restart()
      const answer = await askPatiently(link, 'auth', { token: token.value })
      if (link !== this.link) return
      if (answer.ok) this.renewIn(link, answer.expiresIn * 1000)
      else this.restart()
    } catch (cause) {
      // A server that cannot renew now will say again that the token ends, or end the connection.
      if (cause instanceof LinkLost) this.fail(link)
    }
  }
}
