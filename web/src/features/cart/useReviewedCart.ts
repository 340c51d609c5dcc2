import { useQueries } from '@tanstack/react-query'
import { keys } from '@/api/keys'
import { getProduct } from '@/api/products'
import { asProblem } from '@/lib/problem'
import { useLiveStock } from '@/realtime/hooks'
import { useCart } from './cartStore'
import { reviewCart, type Answer, type ReviewedLine } from './review'

interface Reviewed {
  lines: ReviewedLine[]
  /** True until the shop has said its word on every line. */
  isChecking: boolean
}

export function useReviewedCart(): Reviewed {
  const cart = useCart()
  const productIds = [...new Set(cart.map((line) => line.productId))]
  useLiveStock(productIds)
  const answers = useQueries({
    queries: productIds.map((id) => ({
      queryKey: keys.product(id),
      queryFn: ({ signal }: { signal: AbortSignal }) => getProduct(id, signal),
    })),
    combine: (results) => ({
      isChecking: results.some((result) => result.isPending),
      products: results.map((result): Answer => {
        if (result.data) return result.data
        return result.isError && asProblem(result.error).status === 404 ? null : undefined
      }),
    }),
  })
  const byId = new Map(productIds.map((id, index) => [id, answers.products[index]]))
  return { lines: reviewCart(cart, (id) => byId.get(id)), isChecking: answers.isChecking }
}
