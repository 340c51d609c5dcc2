import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Product, Variant } from '@/api/types'
import { useLiveStock } from '@/realtime/hooks'
import { Badge } from '@/ui/Badge'
import { Button } from '@/ui/Button'
import { PageTitle } from '@/ui/PageTitle'
import { Price } from '@/ui/ShopContext'
import { QuantityStepper } from '@/ui/QuantityStepper'
import { OptionPickers } from './OptionPickers'
import { ProductGallery } from './ProductGallery'
import { firstChoice, hasChoices } from './variants'
import './product.css'

interface DetailsProps {
  product: Product
  onAdd: (variant: Variant, quantity: number) => void
}

export function ProductDetails({ product, onAdd }: DetailsProps) {
  const { t } = useTranslation()
  const [variantId, setVariantId] = useState<string | null>(null)
  const [quantity, setQuantity] = useState(1)
  useLiveStock([product.id])
  const variant = product.variants.find((each) => each.id === variantId) ?? firstChoice(product.variants)
  return (
    <article className="product">
      <ProductGallery product={product} />
      <div className="product-facts stack stack-loose">
        <header className="stack stack-tight">
          {product.category && <p className="muted small">{product.category}</p>}
          <PageTitle title={product.title} />
          {variant && <VariantPrice variant={variant} />}
        </header>
        {variant && hasChoices(product) && (
          <OptionPickers product={product} variant={variant} onChoose={(next) => setVariantId(next.id)} />
        )}
        {variant?.available ? (
          <div className="product-buy">
            <QuantityStepper quantity={quantity} onChange={setQuantity} label={t('product.quantity')} />
            <Button onClick={() => onAdd(variant, quantity)}>{t('product.addToCart')}</Button>
          </div>
        ) : (
          <div className="product-buy">
            <Button disabled wide>
              {t('product.soldOut')}
            </Button>
          </div>
        )}
        {product.descriptionHtml !== '' && (
          // Sanitised by the server, which lets neither scripts nor styles through.
          <div className="prose" dangerouslySetInnerHTML={{ __html: product.descriptionHtml }} />
        )}
      </div>
    </article>
  )
}

function VariantPrice({ variant }: { variant: Variant }) {
  const { t } = useTranslation()
  const before = variant.compareAt
  const isReduced = before != null && before.amount > variant.price.amount
  return (
    <p className="product-price" aria-live="polite">
      <Price money={variant.price} />
      {isReduced && (
        <s className="muted">
          <span className="visually-hidden">{t('product.before')} </span>
          <Price money={before} />
        </s>
      )}
      {!variant.available && <Badge tone="bad">{t('catalog.soldOut')}</Badge>}
      {variant.available && variant.inventory === 'backorder' && <Badge tone="warm">{t('product.backorder')}</Badge>}
    </p>
  )
}
