import { client, dataOf, shopWindow } from './client'
import type { ImportReport } from './types'

const pageSize = 24

export interface ProductFilter {
  q: string
  category: string
}

const filled = (text: string): string | undefined => (text === '' ? undefined : text)

export const listProducts = ({ q, category }: ProductFilter, cursor: string | undefined, signal: AbortSignal) =>
  dataOf(
    shopWindow.GET('/api/v1/products', {
      params: { query: { q: filled(q), category: filled(category), cursor, limit: pageSize } },
      signal,
    }),
  )

export const getProduct = (handle: string, signal: AbortSignal) =>
  dataOf(shopWindow.GET('/api/v1/products/{id}', { params: { path: { id: handle } }, signal }))

export const listCategories = (signal: AbortSignal) => dataOf(shopWindow.GET('/api/v1/categories', { signal }))

/** As staff: drafts and stock are in it. */
export const listStock = (q: string, cursor: string | undefined, signal: AbortSignal) =>
  dataOf(client.GET('/api/v1/products', { params: { query: { q: filled(q), cursor, limit: pageSize } }, signal }))

export const moveStock = (variantId: string, delta: number, reason: string) =>
  dataOf(client.POST('/api/v1/variants/{id}/stock', { params: { path: { id: variantId } }, body: { delta, reason } }))

export interface ImportOptions {
  dryRun: boolean
  stock: boolean
}

/** The file goes as it is, byte for byte: the server says what is wrong with it, encoding included. */
export const importProducts = (file: File, { dryRun, stock }: ImportOptions): Promise<ImportReport> =>
  dataOf(
    client.POST('/api/v1/products/import', {
      params: { query: { dryRun, stock } },
      body: file.name,
      bodySerializer: () => file,
      headers: { 'Content-Type': 'text/csv' },
    }),
  )
