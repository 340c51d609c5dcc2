import { useTranslation } from 'react-i18next'
import type { Money } from '@/lib/money'
import { Price } from './ShopContext'
import './totals.css'

interface TotalsProps {
  subtotal: Money
  shipping: Money
  tax: Money
  total: Money
  taxInclusive: boolean
}

/** An inclusive tax stands below the total, as a part of it; any other is a line of the sum. */
export function TotalsTable({ subtotal, shipping, tax, total, taxInclusive }: TotalsProps) {
  const { t } = useTranslation()
  return (
    <dl className="totals">
      <div>
        <dt>{t('totals.subtotal')}</dt>
        <dd>
          <Price money={subtotal} />
        </dd>
      </div>
      <div>
        <dt>{t('totals.shipping')}</dt>
        <dd>{shipping.amount === 0 ? t('totals.free') : <Price money={shipping} />}</dd>
      </div>
      {!taxInclusive && tax.amount > 0 && (
        <div>
          <dt>{t('totals.tax')}</dt>
          <dd>
            <Price money={tax} />
          </dd>
        </div>
      )}
      <div className="totals-sum">
        <dt>{t('totals.total')}</dt>
        <dd>
          <Price money={total} />
        </dd>
      </div>
      {taxInclusive && tax.amount > 0 && (
        <div className="totals-note">
          <dt>{t('totals.taxIncluded')}</dt>
          <dd>
            <Price money={tax} />
          </dd>
        </div>
      )}
    </dl>
  )
}
