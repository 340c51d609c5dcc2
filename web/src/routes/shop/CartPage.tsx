import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { useShop } from '@/api/shop'
import { acceptPrices } from '@/features/cart/cart'
import { CartLines } from '@/features/cart/CartLines'
import { changeCart } from '@/features/cart/cartStore'
import { useReviewedCart } from '@/features/cart/useReviewedCart'
import { totalsOf } from '@/lib/totals'
import { Button, ButtonLink } from '@/ui/Button'
import { EmptyState } from '@/ui/Feedback'
import { Notice } from '@/ui/Notice'
import { PageTitle } from '@/ui/PageTitle'
import { TotalsTable } from '@/ui/TotalsTable'
import { useMoney } from '@/ui/ShopContext'
import './columns.css'

export function CartPage() {
  const { t } = useTranslation()
  const shop = useShop()
  const format = useMoney()
  const navigate = useNavigate()
  const { lines, isChecking } = useReviewedCart()
  const ready = lines.filter((line) => line.state === 'ready')
  const totals = totalsOf(ready, shop)

  // Going on means agreeing to the prices just shown.
  const goOn = () => {
    const prices = new Map(lines.map((line) => [line.variantId, line.unitPrice]))
    changeCart((cart) => acceptPrices(cart, prices))
    void navigate('/checkout')
  }

  if (lines.length === 0) {
    return (
      <div className="page">
        <PageTitle title={t('cart.title')} isHidden />
        <EmptyState icon="bag" title={t('cart.empty')}>
          <p className="muted">{t('cart.emptyHint')}</p>
          <ButtonLink to="/">{t('cart.goShopping')}</ButtonLink>
        </EmptyState>
      </div>
    )
  }
  return (
    <div className="page stack stack-loose">
      <PageTitle title={t('cart.title')} />
      <div className="columns">
        <section className="card" aria-label={t('cart.lines')}>
          <CartLines lines={lines} />
        </section>
        <section className="card stack columns-side" aria-label={t('checkout.summary')}>
          <h2>{t('checkout.summary')}</h2>
          <TotalsTable {...totals} taxInclusive={shop.tax.inclusive} />
          {totals.toFreeShipping && (
            <p className="muted small">{t('cart.toFreeShipping', { amount: format(totals.toFreeShipping) })}</p>
          )}
          {ready.length < lines.length && (
            <Notice tone="bad">
              <p>{t('cart.someUnavailable')}</p>
            </Notice>
          )}
          <Button wide disabled={ready.length < lines.length || isChecking} onClick={goOn}>
            {t('cart.checkout')}
          </Button>
        </section>
      </div>
    </div>
  )
}
