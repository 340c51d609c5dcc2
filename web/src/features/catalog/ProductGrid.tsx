import { useTranslation } from 'react-i18next'
import { useLiveStock } from '@/realtime/hooks'
import { Button } from '@/ui/Button'
import { EmptyState, LoadFailure, LoadMore } from '@/ui/Feedback'
import type { ProductFilter } from '@/api/products'
import { ProductCard } from './ProductCard'
import { useProducts } from './queries'
import './catalog.css'

interface GridProps {
  filter: ProductFilter
  onClearFilter: () => void
}

export function ProductGrid({ filter, onClearFilter }: GridProps) {
  const query = useProducts(filter)

  if (query.isPending) return <GridSkeleton />
  if (query.isError) return <LoadFailure error={query.error} onRetry={() => void query.refetch()} />

  return <Results query={query} filter={filter} onClearFilter={onClearFilter} />
}

type ResultsProps = GridProps & { query: Extract<ReturnType<typeof useProducts>, { status: 'success' }> }

function Results({ query, filter, onClearFilter }: ResultsProps) {
  const { t } = useTranslation()
  const products = query.data.pages.flatMap((page) => page.items)
  useLiveStock(
    products.map((product) => product.id),
    'whenConnected',
  )
  if (products.length === 0) return <NothingFound filter={filter} onClearFilter={onClearFilter} />
  return (
    <section aria-label={t('catalog.products')} aria-busy={query.isPlaceholderData} className="product-results">
      <ul className="product-grid">
        {products.map((product, position) => (
          <ProductCard key={product.id} product={product} position={position} />
        ))}
      </ul>
      <LoadMore query={query} />
    </section>
  )
}

function NothingFound({ filter, onClearFilter }: GridProps) {
  const { t } = useTranslation()
  const isFiltered = filter.q !== '' || filter.category !== ''
  if (!isFiltered) {
    return (
      <EmptyState icon="arch" title={t('catalog.emptyShop')}>
        <p className="muted">{t('catalog.emptyShopHint')}</p>
      </EmptyState>
    )
  }
  return (
    <EmptyState icon="search" title={t('catalog.nothingFound')}>
      <p className="muted">{t('catalog.nothingFoundHint')}</p>
      <Button look="quiet" onClick={onClearFilter}>
        {t('catalog.showAll')}
      </Button>
    </EmptyState>
  )
}

function GridSkeleton() {
  const { t } = useTranslation()
  return (
    <div className="product-grid" role="status" aria-label={t('loading')}>
      {Array.from({ length: 8 }, (_, index) => (
        <div key={index} className="product-card">
          <span className="product-card-frame skeleton" />
          <span className="skeleton skeleton-line" />
        </div>
      ))}
    </div>
  )
}
