import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { keys } from '@/api/keys'
import { listStock } from '@/api/products'
import type { Product } from '@/api/types'
import { Badge } from '@/ui/Badge'
import { EmptyState, LoadFailure, LoadingBlocks, LoadMore } from '@/ui/Feedback'
import { StockRow } from './StockRow'
import './inventory.css'

interface ListProps {
  q: string
  /** Only administrators move stock; other staff read it. */
  canMove: boolean
}

export function StockList({ q, canMove }: ListProps) {
  const { t } = useTranslation()
  const query = useInfiniteQuery({
    queryKey: keys.stockList(q),
    queryFn: ({ pageParam, signal }) => listStock(q, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
  })
  if (query.isPending) return <LoadingBlocks />
  if (query.isError) return <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
  const products = query.data.pages.flatMap((page) => page.items)
  if (products.length === 0) return <EmptyState icon="box" title={t('inventory.none')} />
  return (
    <>
      <ul className="stack">
        {products.map((product) => (
          <StockCard key={product.id} product={product} canMove={canMove} />
        ))}
      </ul>
      <LoadMore query={query} />
    </>
  )
}

function StockCard({ product, canMove }: { product: Product; canMove: boolean }) {
  const { t } = useTranslation()
  return (
    <li className="card stock-card">
      <h2 className="row">
        <Link to={`/p/${encodeURIComponent(product.handle)}`}>{product.title}</Link>
        {product.status === 'draft' && <Badge tone="warm">{t('inventory.draft')}</Badge>}
      </h2>
      <ul>
        {product.variants.map((variant) => (
          <StockRow key={variant.id} productTitle={product.title} variant={variant} canMove={canMove} />
        ))}
      </ul>
    </li>
  )
}
