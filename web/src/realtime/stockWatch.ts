/** Which products' stock is on the screen, counted, and the one set of them that the server is told. */
import type { StockEvent } from './events.gen'
import { askPatiently } from './patience'
import type { Link } from './wire'

export const mostWatched = 100
const gatherMs = 50

export class StockWatch {
  private readonly counts = new Map<string, number>()
  private link: Link | null = null
  private timer: ReturnType<typeof setTimeout> | undefined
  private told = ''
  /** For each question under way, the variants that were heard of since it was asked. */
  private readonly heardSince = new Set<Set<string>>()

  constructor(
    private readonly news: (stock: StockEvent) => void,
    private readonly failed: (link: Link) => void,
  ) {}

  get isEmpty(): boolean {
    return this.counts.size === 0
  }

  /** Returns how to stop watching them. */
  add(productIds: readonly string[]): () => void {
    for (const id of productIds) {
      const count = this.counts.get(id) ?? 0
      // Taken out and put in again, so that the latest come last.
      this.counts.delete(id)
      this.counts.set(id, count + 1)
    }
    this.tellSoon()
    return () => {
      for (const id of productIds) this.release(id)
      this.tellSoon()
    }
  }

  connected(link: Link): void {
    this.link = link
    this.told = ''
    void this.tell()
  }

  disconnected(): void {
    this.link = null
  }

  /** What happens once a product is watched. It is newer than what a question under way is answered with. */
  hear(stock: StockEvent): void {
    for (const heard of this.heardSince) heard.add(stock.variantId)
    this.news(stock)
  }

  private release(id: string): void {
    const count = this.counts.get(id) ?? 0
    if (count > 1) this.counts.set(id, count - 1)
    else this.counts.delete(id)
  }

  private tellSoon(): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.tell(), gatherMs)
  }

  private async tell(): Promise<void> {
    const { link } = this
    const productIds = [...this.counts.keys()].slice(-mostWatched)
    const said = [...productIds].sort().join()
    if (!link || said === this.told) return
    this.told = said
    const heard = new Set<string>()
    this.heardSince.add(heard)
    try {
      const answer = await askPatiently(link, 'watch', { productIds })
      if (link === this.link && answer.ok) {
        answer.stock.filter(({ variantId }) => !heard.has(variantId)).forEach(this.news)
      }
    } catch {
      this.failed(link)
    } finally {
      this.heardSince.delete(heard)
    }
  }
}
