/** Writes what is heard of stock into cached answers of the catalogue. Pure. */
import type { Product } from '../api/types'
import { isRecord } from '../lib/storedJson'

/** Whether a variant can be bought, by its id. */
export type StockNews = ReadonlyMap<string, boolean>

/** A cached product, or the pages of a list of them, with the news in it; the same object when there is none for it. */
export function withStock<T>(cached: T, news: StockNews): T {
  if (isProduct(cached)) return productWith(cached, news) as T
  if (!isRecord(cached) || !Array.isArray(cached['pages'])) return cached
  const pages = mapped(cached['pages'], (page: unknown) => {
    if (!isRecord(page) || !Array.isArray(page['items'])) return page
    const items = mapped(page['items'], (item: unknown) => (isProduct(item) ? productWith(item, news) : item))
    return items === page['items'] ? page : { ...page, items }
  })
  return pages === cached['pages'] ? cached : ({ ...cached, pages } as T)
}

function productWith(product: Product, news: StockNews): Product {
  const variants = mapped(product.variants, (variant) => {
    const available = news.get(variant.id)
    return available === undefined || available === variant.available ? variant : { ...variant, available }
  })
  return variants === product.variants ? product : { ...product, variants }
}

/** The list itself when no part of it changed. */
function mapped<T>(list: T[], change: (item: T) => T): T[] {
  const next = list.map(change)
  return next.every((item, index) => item === list[index]) ? list : next
}

const isProduct = (value: unknown): value is Product =>
  isRecord(value) && typeof value['handle'] === 'string' && Array.isArray(value['variants'])
