import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useCategories } from './queries'

interface BarProps {
  selected: string
  hrefOf: (category: string) => string
}

export function CategoryBar({ selected, hrefOf }: BarProps) {
  const { t } = useTranslation()
  const categories = useCategories().data?.items ?? []
  if (categories.length === 0) return null
  const choices = [{ name: '', title: t('catalog.all') }, ...categories]
  return (
    <nav aria-label={t('catalog.categories')} className="category-bar">
      <ul>
        {choices.map(({ name, title }) => (
          <li key={name}>
            <Link to={hrefOf(name)} aria-current={selected === name ? 'true' : undefined} preventScrollReset>
              {title}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}
