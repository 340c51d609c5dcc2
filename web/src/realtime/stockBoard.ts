/** What was last heard of each variant, written into the catalogue's cached answers, those of the next seconds included. */
import type { QueryClient } from '@tanstack/react-query'
import { keys } from '../api/keys'
import { withStock } from './stockNews'

/** An answer may come from a cache on the way and be older than the news by so much. */
const outlivesMs = 10_000

export class StockBoard {
  private readonly heard = new Map<string, { available: boolean; at: number }>()

  constructor(private readonly queries: QueryClient) {
    queries.getQueryCache().subscribe((event) => {
      if (event.type !== 'updated' || event.action.type !== 'success' || event.action.manual) return
      if (event.query.queryKey[0] === keys.products[0]) this.write()
    })
  }

  tell(variantId: string, available: boolean): void {
    this.heard.set(variantId, { available, at: Date.now() })
    this.write()
  }

  private write(): void {
    const now = Date.now()
    for (const [variantId, { at }] of this.heard) if (now - at > outlivesMs) this.heard.delete(variantId)
    if (this.heard.size === 0) return
    const news = new Map([...this.heard].map(([variantId, { available }]) => [variantId, available]))
    for (const query of this.queries.getQueryCache().findAll({ queryKey: keys.products })) {
      const { data, dataUpdatedAt } = query.state
      const next = withStock(data, news)
      // The answer stays as old as it is.
      if (next !== data) this.queries.setQueryData(query.queryKey, next, { updatedAt: dataUpdatedAt })
    }
  }
}
