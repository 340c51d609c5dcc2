import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'
import { useSession } from '@/api/session'
import { fitToStock } from '@/features/cart/cart'
import { changeCart, emptyCart } from '@/features/cart/cartStore'
import { useReviewedCart } from '@/features/cart/useReviewedCart'
import type { Placed } from '@/features/checkout/attempt'
import { CheckoutForm } from '@/features/checkout/CheckoutForm'
import { ButtonLink } from '@/ui/Button'
import { EmptyState, LoadingBlocks } from '@/ui/Feedback'
import { PageTitle } from '@/ui/PageTitle'

export function CheckoutPage() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const session = useSession()
  const { lines, isChecking } = useReviewedCart()
  const [isDone, setIsDone] = useState(false)

  const finish = ({ order, isEarlier }: Placed) => {
    setIsDone(true)
    // What was bought leaves the cart; an earlier order found again says nothing about what is in it now.
    if (!isEarlier) emptyCart()
    void navigate(`/orders/${order.id}`, { replace: true, state: { news: isEarlier ? 'earlier' : 'placed' } })
  }

  if (isDone || session.status === 'starting' || isChecking) {
    return (
      <div className="page">
        <PageTitle title={t('checkout.title')} />
        <LoadingBlocks />
      </div>
    )
  }
  if (lines.length === 0) {
    return (
      <div className="page">
        <PageTitle title={t('checkout.title')} isHidden />
        <EmptyState icon="bag" title={t('cart.empty')}>
          <ButtonLink to="/">{t('cart.goShopping')}</ButtonLink>
        </EmptyState>
      </div>
    )
  }
  return (
    <div className="page stack stack-loose">
      <header className="stack stack-tight">
        <PageTitle title={t('checkout.title')} />
        {session.user === null ? (
          <p className="muted">
            {t('checkout.guestHint')} <Link to="/sign-in?to=/checkout">{t('account.signIn')}</Link> ·{' '}
            <Link to="/sign-up?to=/checkout">{t('account.signUp')}</Link>
          </p>
        ) : (
          session.user.email && (
            <p className="muted">
              {t('checkout.receiptTo')} <bdi className="ltr">{session.user.email}</bdi>
            </p>
          )
        )}
      </header>
      <CheckoutForm
        lines={lines}
        user={session.user}
        onFit={(shortages) => changeCart((cart) => fitToStock(cart, shortages))}
        onPlaced={finish}
      />
    </div>
  )
}
