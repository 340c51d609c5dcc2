import { useTranslation } from 'react-i18next'
import { Link, useLocation, useParams } from 'react-router'
import { useSession } from '@/api/session'
import { OrderView } from '@/features/orders/OrderView'
import { useOrder } from '@/features/orders/queries'
import { asProblem } from '@/lib/problem'
import { isRecord } from '@/lib/storedJson'
import { LoadFailure, LoadingBlocks } from '@/ui/Feedback'
import { Notice } from '@/ui/Notice'
import { NotFoundPage } from '../NotFoundPage'

export function OrderPage() {
  const { t } = useTranslation()
  const { id = '' } = useParams()
  const location = useLocation()
  const { user } = useSession()
  const query = useOrder(id)
  const news: unknown = isRecord(location.state) ? location.state['news'] : undefined

  if (!query.data && query.isError && asProblem(query.error).status === 404) return <NotFoundPage />
  return (
    <div className="page page-medium stack stack-loose">
      {news === 'placed' && (
        <Notice tone="good" isUrgent>
          <p>
            <strong>{t('orders.thanks')}</strong> {user?.email ? t('orders.thanksMail') : null}
          </p>
          {user?.role === 'guest' && <Link to={`/sign-up?to=/orders/${id}`}>{t('orders.keepAsAccount')}</Link>}
        </Notice>
      )}
      {news === 'earlier' && (
        <Notice tone="warm" isUrgent>
          <p>{t('checkout.alreadyPlaced')}</p>
        </Notice>
      )}
      {query.data ? (
        <OrderView order={query.data} />
      ) : query.isError ? (
        <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <LoadingBlocks />
      )}
    </div>
  )
}
