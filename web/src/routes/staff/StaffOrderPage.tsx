import { useParams } from 'react-router'
import { useOrder } from '@/features/orders/queries'
import { StaffOrderView } from '@/features/orders/StaffOrderView'
import { asProblem } from '@/lib/problem'
import { LoadFailure, LoadingBlocks } from '@/ui/Feedback'
import { NotFoundPage } from '../NotFoundPage'

export function StaffOrderPage() {
  const { id = '' } = useParams()
  const query = useOrder(id)
  if (query.data) return <StaffOrderView order={query.data} />
  if (!query.isError) return <LoadingBlocks />
  if (asProblem(query.error).status === 404) return <NotFoundPage />
  return <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
}
