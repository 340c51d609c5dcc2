import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Product } from '@/api/types'
import { Badge } from '@/ui/Badge'
import { Price } from '@/ui/ShopContext'
import { firstChoice, isSoldOut } from './variants'

/** Pictures of the first rows are wanted at once; those further down wait until they are scrolled to. */
const eagerCards = 4

export function ProductCard({ product, position }: { product: Product; position: number }) {
  const { t } = useTranslation()
  const image = product.images[0]
  const variant = firstChoice(product.variants)
  const soldOut = isSoldOut(product)
  const prices = new Set(product.variants.map((each) => each.price.amount))
  const isReduced = variant?.compareAt != null && variant.compareAt.amount > variant.price.amount
  return (
    <li className="product-card" data-sold-out={soldOut}>
      <Link to={`/p/${encodeURIComponent(product.handle)}`} className="product-card-link">
        <span className="product-card-frame">
          {image ? (
            <img src={image.url} alt="" loading={position < eagerCards ? 'eager' : 'lazy'} decoding="async" />
          ) : (
            <span className="product-card-blank" aria-hidden="true">
              {product.title.slice(0, 1)}
            </span>
          )}
        </span>
        <span className="product-card-title">{product.title}</span>
      </Link>
      <p className="product-card-price">
        {variant && prices.size > 1 ? (
          <span>
            {t('catalog.from')} <Price money={lowest(product)} />
          </span>
        ) : (
          variant && <Price money={variant.price} />
        )}
        {isReduced && !soldOut && <Badge tone="warm">{t('catalog.reduced')}</Badge>}
        {soldOut && <Badge tone="bad">{t('catalog.soldOut')}</Badge>}
      </p>
    </li>
  )
}

const lowest = (product: Product) =>
  product.variants
    .map((variant) => variant.price)
    .reduce((least, price) => (price.amount < least.amount ? price : least))
