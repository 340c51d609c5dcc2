import type { Storage } from './outbox'

/** A storage that lives as long as the program. */
export class MemoryStorage implements Storage {
  private readonly values = new Map<string, string>()

  get length(): number {
    return this.values.size
  }

  key = (index: number): string | null => [...this.values.keys()][index] ?? null

  getItem = (key: string): string | null => this.values.get(key) ?? null

  setItem = (key: string, value: string): void => void this.values.set(key, value)

  removeItem = (key: string): void => void this.values.delete(key)
}
