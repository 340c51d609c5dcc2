import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { CategoryBar } from '@/features/catalog/CategoryBar'
import { ProductGrid } from '@/features/catalog/ProductGrid'
import { SearchBox } from '@/features/catalog/SearchBox'
import { PageTitle } from '@/ui/PageTitle'
import './home.css'

/** The search lives in the address, so that it can be shared, bookmarked and walked back from. */
export function HomePage() {
  const { t } = useTranslation()
  const [params, setParams] = useSearchParams()
  const q = params.get('q') ?? ''
  const category = params.get('category') ?? ''

  const search = useCallback(
    (query: string) =>
      setParams(
        (before) => {
          const next = new URLSearchParams(before)
          if (query === '') next.delete('q')
          else next.set('q', query)
          return next
        },
        { replace: true, preventScrollReset: true },
      ),
    [setParams],
  )

  const hrefOf = (name: string) => {
    const next = new URLSearchParams(params)
    if (name === '') next.delete('category')
    else next.set('category', name)
    return `/?${next.toString()}`
  }

  return (
    <>
      <div className="banner">
        <div className="banner-inner">
          <PageTitle title={t('home.title')}>{t('home.welcome')}</PageTitle>
          <p>{t('home.line')}</p>
          <SearchBox query={q} onSearch={search} />
        </div>
      </div>
      <div className="page stack stack-loose">
        <CategoryBar selected={category} hrefOf={hrefOf} />
        <ProductGrid filter={{ q, category }} onClearFilter={() => setParams({})} />
      </div>
    </>
  )
}
