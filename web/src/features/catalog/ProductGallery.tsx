import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Product } from '@/api/types'

export function ProductGallery({ product }: { product: Product }) {
  const { t } = useTranslation()
  const [position, setPosition] = useState(0)
  const shown = product.images[position] ?? product.images[0]
  return (
    <div className="gallery">
      <div className="gallery-frame">
        {shown ? (
          <img src={shown.url} alt={shown.alt || product.title} fetchPriority="high" />
        ) : (
          <span className="product-card-blank" aria-hidden="true">
            {product.title.slice(0, 1)}
          </span>
        )}
      </div>
      {product.images.length > 1 && (
        <ul className="gallery-strip">
          {product.images.map((image, index) => (
            <li key={image.url}>
              <button
                type="button"
                aria-label={t('product.picture', { number: index + 1 })}
                aria-pressed={image === shown}
                onClick={() => setPosition(index)}
              >
                <img src={image.url} alt="" loading="lazy" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
