/** A server in memory for tests: streams with whole numbers, and a network between it and the client that misbehaves. */
import { LinkLost, type Answer, type Asked, type Entry, type LinkHandlers, type Transport } from '../wire'
import type { EntriesPage } from '../follower'

export interface Mischief {
  /** Chances, 0 to 1, for each event or answer. */
  lose: number
  repeat: number
  delay: number
  cut: number
  /** To be told to ask again later. */
  limit: number
}

export const calm: Mischief = { lose: 0, repeat: 0, delay: 0, cut: 0, limit: 0 }

interface Live {
  handlers: LinkHandlers
  isOpen: boolean
  /** Streams this connection hears live. */
  hears: Set<string>
  userId: string | null
}

const ackSize = 7

export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

export class FakeServer {
  readonly streams = new Map<string, Entry[]>()
  readonly watched: string[][] = []
  readonly marks = new Map<string, number>()
  mischief: Mischief = calm
  isAway = false
  refuseToken: string | null = null
  refusePost: ((id: string) => { code: string; retryAfterMs?: number } | null) | null = null
  connections = 0
  private links: Live[] = []

  constructor(private readonly random: () => number) {}

  readonly transport: Transport = {
    open: (token, handlers) => {
      const live: Live = { handlers, isOpen: false, hears: new Set(), userId: token }
      setTimeout(() => this.admit(live, token), 5)
      return {
        ask: <E extends Asked>(event: E, payload: object) =>
          this.answer(live, event, payload as Record<string, unknown>) as Promise<Answer<E>>,
        typing: () => undefined,
        close: () => this.forget(live),
      }
    },
  }

  readEntries = async (
    key: string,
    range: { after?: number; before?: number; limit: number },
  ): Promise<EntriesPage> => {
    await this.travel()
    if (this.isAway) throw new Error('away')
    const all = this.shown(key)
    const { after, before, limit } = range
    const head = all.length
    if (after !== undefined) return { entries: all.slice(after, after + limit), head }
    return { entries: all.slice(0, before === undefined ? head : before - 1).slice(-limit), head }
  }

  /** What `GET` would show: effects applied. */
  shown(key: string): Entry[] {
    const all = (this.streams.get(key) ?? []).map((entry) => ({ ...entry }))
    for (const { seq, type, data } of all) {
      const target = (data as { seq?: number } | null)?.seq
      const message = target === undefined ? undefined : all[target - 1]
      if (!message) continue
      if (type === 'edit') message.data = message.data && { text: (data as { text: string }).text, edited: true }
      if (type !== 'delete') continue
      for (const each of all.slice(0, seq - 1)) {
        const isEdit = each.type === 'edit' && (each.data as { seq: number } | null)?.seq === target
        if (each === message || isEdit) each.data = null
      }
    }
    return all
  }

  put(key: string, type: string, data: Record<string, unknown>, id: string = crypto.randomUUID()): Entry {
    const entries = this.streams.get(key) ?? []
    this.streams.set(key, entries)
    const known = entries.find((entry) => entry.id === id)
    if (known) return known
    const entry: Entry = { seq: entries.length + 1, id, type, author: null, at: '2026-01-01T00:00:00Z', data }
    entries.push(entry)
    for (const live of this.links) if (live.hears.has(key)) this.push(live, key, entry)
    return entry
  }

  heads(): void {
    for (const live of this.links)
      for (const stream of live.hears)
        live.handlers.told({ name: 'head', payload: { stream, seq: this.streams.get(stream)?.length ?? 0 } })
  }

  cutAll(reason: 'lost' | 'ended' = 'lost'): void {
    for (const live of [...this.links]) this.cut(live, reason)
  }

  tellAll(report: Parameters<LinkHandlers['told']>[0]): void {
    for (const live of this.links) live.handlers.told(report)
  }

  private admit(live: Live, token: string | null): void {
    this.connections += 1
    if (this.isAway) live.handlers.refused(null)
    else if (token !== null && token === this.refuseToken) live.handlers.refused('token_expired')
    else {
      live.isOpen = true
      this.links.push(live)
      live.handlers.opened()
    }
  }

  private forget(live: Live): void {
    live.isOpen = false
    this.links = this.links.filter((each) => each !== live)
  }

  private cut(live: Live, reason: 'lost' | 'ended'): void {
    if (!live.isOpen) return
    this.forget(live)
    live.handlers.closed(reason)
  }

  private chance(probability: number): boolean {
    return this.random() < probability
  }

  private travel(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, 1 + this.random() * 20))
  }

  private push(live: Live, stream: string, entry: Entry): void {
    if (this.chance(this.mischief.lose)) return
    const tell = () => live.isOpen && live.handlers.told({ name: 'entry', payload: { stream, ...entry } })
    if (this.chance(this.mischief.delay)) setTimeout(tell, this.random() * 80)
    else tell()
    if (this.chance(this.mischief.repeat)) setTimeout(tell, this.random() * 80)
  }

  private async answer(live: Live, event: Asked, payload: Record<string, unknown>): Promise<Answer<Asked>> {
    if (!live.isOpen) throw new LinkLost()
    await this.travel()
    if (this.chance(this.mischief.cut)) this.cut(live, 'lost')
    if (!live.isOpen) throw new LinkLost()
    const result = this.handle(live, event, payload)
    // Done, but nobody hears of it.
    if (this.chance(this.mischief.cut)) this.cut(live, 'lost')
    await Promise.resolve()
    if (!live.isOpen) throw new LinkLost()
    return result
  }

  private handle(live: Live, event: Asked, payload: Record<string, unknown>): Answer<Asked> {
    const stream = String(payload['stream'])
    if (this.chance(this.mischief.limit)) return { ok: false, code: 'rate_limited', message: '', retryAfterMs: 50 }
    if (event === 'subscribe') return this.subscribe(live, stream, payload['after'] as number | undefined)
    if (event === 'unsubscribe') live.hears.delete(stream)
    if (event === 'watch') {
      this.watched.push(payload['productIds'] as string[])
      return { ok: true, stock: [] }
    }
    if (event === 'read') {
      const seq = Math.max(this.marks.get(stream) ?? 0, payload['seq'] as number)
      this.marks.set(stream, seq)
      return { ok: true, seq }
    }
    if (event === 'post') {
      const id = String(payload['id'])
      const refusal = this.refusePost?.(id)
      if (refusal) return { ok: false, message: refusal.code, ...refusal }
      const entry = this.put(stream, String(payload['type']), payload['data'] as Record<string, unknown>, id)
      return { ok: true, seq: entry.seq, at: entry.at }
    }
    if (event === 'auth') return { ok: true, expiresIn: 600 }
    return { ok: true }
  }

  private subscribe(live: Live, stream: string, after: number | undefined): Answer<'subscribe'> {
    const head = this.streams.get(stream)?.length ?? 0
    if (after !== undefined && after > head) return { ok: true, reset: true, head }
    const entries = after === undefined ? [] : this.shown(stream).slice(after, after + ackSize)
    const more = after !== undefined && after + ackSize < head
    if (more) live.hears.delete(stream)
    else live.hears.add(stream)
    return { ok: true, head, entries, more }
  }
}
