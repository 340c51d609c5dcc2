/**
 * What one user said that the server has not confirmed. Kept in the browser, one key for each, so that it survives a
 * reload and tabs do not overwrite each other's. Never decides when to send.
 */
import { isRecord } from '../lib/storedJson'
import type { Entry, PostType } from './wire'

export interface Unsent {
  id: string
  stream: string
  type: PostType
  data: Record<string, unknown>
  /** When it was said here. */
  at: string
  /** `posted`: the server has it, its entry is on the way; `refused`: it never will, unless it is tried again. */
  state: 'waiting' | 'posted' | 'refused'
  /** Its place among those of this browser. */
  order: number
  seq?: number
  /** Why it was refused. */
  code?: string
}

export type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>

export const mostUnsent = 200

export class OutboxFull extends Error {
  constructor() {
    super(`more than ${mostUnsent} messages wait to be sent`)
    this.name = 'OutboxFull'
  }
}

export class Outbox {
  private items: Unsent[]
  private readonly prefix: string

  constructor(
    private readonly storage: Storage,
    userId: string,
    private readonly changed: (stream: string) => void,
  ) {
    this.prefix = `souk.unsent.${userId}.`
    this.items = this.stored().sort((a, b) => a.order - b.order)
  }

  of(stream: string): readonly Unsent[] {
    return this.items.filter((item) => item.stream === stream)
  }

  next(stream: string): Unsent | undefined {
    return this.items.find((item) => item.stream === stream && item.state === 'waiting')
  }

  streams(): string[] {
    return [...new Set(this.items.map((item) => item.stream))]
  }

  add(item: Pick<Unsent, 'id' | 'stream' | 'type' | 'data' | 'at'>): void {
    if (this.items.filter((each) => each.state !== 'posted').length >= mostUnsent) throw new OutboxFull()
    const order = Math.max(Date.parse(item.at), (this.items.at(-1)?.order ?? 0) + 1)
    const added: Unsent = { ...item, state: 'waiting', order }
    this.items = [...this.items, added]
    this.keep(added)
    this.changed(item.stream)
  }

  /** The server has it as `seq`; it stays in view until its entry is there. */
  posted(id: string, seq: number): void {
    this.storage.removeItem(this.prefix + id)
    this.change(id, (item) => ({ ...item, state: 'posted', seq }))
  }

  refused(id: string, code: string): void {
    this.change(id, (item) => ({ ...item, state: 'refused', code }))
    const item = this.items.find((each) => each.id === id)
    if (item) this.keep(item)
  }

  retry(id: string): void {
    this.change(id, (item) => ({ ...item, state: 'waiting' }))
  }

  drop(id: string): void {
    const item = this.items.find((each) => each.id === id)
    if (!item) return
    this.storage.removeItem(this.prefix + id)
    this.items = this.items.filter((each) => each !== item)
    this.changed(item.stream)
  }

  /** Entries have come: what they confirm is unsent no longer. True when something was. */
  arrived(stream: string, entries: readonly Entry[], last: number): boolean {
    const ids = new Set(entries.map((entry) => entry.id))
    const isThere = (item: Unsent) =>
      item.stream === stream && (ids.has(item.id) || (item.seq !== undefined && item.seq <= last))
    const confirmed = this.items.filter(isThere)
    if (confirmed.length === 0) return false
    for (const item of confirmed) this.storage.removeItem(this.prefix + item.id)
    this.items = this.items.filter((item) => !isThere(item))
    return true
  }

  private change(id: string, change: (item: Unsent) => Unsent): void {
    const item = this.items.find((each) => each.id === id)
    if (!item) return
    this.items = this.items.map((each) => (each === item ? change(item) : each))
    this.changed(item.stream)
  }

  /** A full storage must not stop a message: it is then only forgotten on reload. */
  private keep(item: Unsent): void {
    try {
      this.storage.setItem(this.prefix + item.id, JSON.stringify(item))
    } catch (cause) {
      console.error('could not keep an unsent message', cause)
    }
  }

  private stored(): Unsent[] {
    const keys = Array.from({ length: this.storage.length }, (_, index) => this.storage.key(index))
    return keys.flatMap((key) => {
      if (!key?.startsWith(this.prefix)) return []
      return parsed(this.storage.getItem(key)) ?? []
    })
  }
}

function parsed(text: string | null): Unsent | null {
  try {
    const value: unknown = JSON.parse(text ?? '')
    return isUnsent(value) ? value : null
  } catch {
    return null
  }
}

const isUnsent = (value: unknown): value is Unsent =>
  isRecord(value) &&
  ['id', 'stream', 'type', 'at', 'state'].every((key) => typeof value[key] === 'string') &&
  typeof value['order'] === 'number' &&
  isRecord(value['data'])
