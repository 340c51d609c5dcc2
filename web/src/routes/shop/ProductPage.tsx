import { useTranslation } from 'react-i18next'
import { useNavigate, useParams } from 'react-router'
import type { Product, Variant } from '@/api/types'
import { addLine } from '@/features/cart/cart'
import { changeCart } from '@/features/cart/cartStore'
import { ProductDetails } from '@/features/catalog/ProductDetails'
import { useProduct } from '@/features/catalog/queries'
import { asProblem } from '@/lib/problem'
import { LoadFailure, LoadingBlocks } from '@/ui/Feedback'
import { useToast } from '@/ui/Toasts'
import { NotFoundPage } from '../NotFoundPage'

export function ProductPage() {
  const { t } = useTranslation()
  const { handle = '' } = useParams()
  const navigate = useNavigate()
  const toast = useToast()
  const query = useProduct(handle)

  const add = (product: Product, variant: Variant, quantity: number) => {
    changeCart((cart) =>
      addLine(cart, {
        variantId: variant.id,
        productId: product.id,
        handle: product.handle,
        title: product.title,
        variantTitle: product.variants.length > 1 ? variant.title : '',
        image: product.images[0]?.url ?? null,
        unitPrice: variant.price,
        quantity,
      }),
    )
    toast({
      text: t('cart.added', { title: product.title }),
      action: { label: t('cart.view'), run: () => void navigate('/cart') },
    })
  }

  if (query.isError && asProblem(query.error).status === 404) return <NotFoundPage />
  return (
    <div className="page">
      {query.isPending && <LoadingBlocks count={2} />}
      {query.isError && <LoadFailure error={query.error} onRetry={() => void query.refetch()} />}
      {query.data && (
        <ProductDetails
          key={query.data.id}
          product={query.data}
          onAdd={(variant, quantity) => query.data && add(query.data, variant, quantity)}
        />
      )}
    </div>
  )
}
