import { useRef, useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useShop } from '@/api/shop'
import type { User } from '@/api/types'
import { formText } from '@/lib/formText'
import type { LineShortage } from '@/lib/problem'
import { Button } from '@/ui/Button'
import { TextArea, TextField } from '@/ui/Field'
import { LoadingBlocks } from '@/ui/Feedback'
import { Notice } from '@/ui/Notice'
import { useMoney } from '@/ui/ShopContext'
import { TotalsTable } from '@/ui/TotalsTable'
import { useFieldErrors } from '@/ui/problemText'
import { useFocusOnFault } from '@/ui/useFocusOnFault'
import { AddressFields, readAddress } from './AddressFields'
import { hasUnansweredAttempt, type Placed } from './attempt'
import { CheckoutLines } from './CheckoutLines'
import { CheckoutProblem } from './CheckoutProblem'
import { homeCountry } from './countries'
import { PaymentChoice, readPayment } from './PaymentChoice'
import { rememberedAddress } from './rememberedAddress'
import { useCheckout, type CheckoutLine } from './useCheckout'
import './checkout.css'

interface CheckoutProps {
  lines: CheckoutLine[]
  user: User | null
  onFit: (shortages: LineShortage[]) => void
  onPlaced: (placed: Placed) => void
}

export function CheckoutForm({ lines, user, onFit, onPlaced }: CheckoutProps) {
  const { t } = useTranslation()
  const shop = useShop()
  const format = useMoney()
  const checkout = useCheckout(lines, onPlaced)
  const errorAt = useFieldErrors(checkout.problem)
  const frame = useRef<HTMLFormElement>(null)
  useFocusOnFault(frame, checkout.problem)
  const [wasInterrupted] = useState(() => hasUnansweredAttempt(sessionStorage))
  const unavailable = lines.filter((line) => line.state !== 'ready')

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    checkout.place({
      email: formText(form, 'email'),
      address: readAddress(form),
      note: formText(form, 'note'),
      payment: readPayment(form, shop.paymentMethods),
    })
  }

  const fit = (shortages: LineShortage[]) => {
    checkout.dismissProblem()
    onFit(shortages)
  }

  if (checkout.isPlaced) return <LoadingBlocks />
  return (
    <form ref={frame} className="checkout" onSubmit={submit}>
      <div className="stack stack-loose">
        {wasInterrupted && !checkout.problem && (
          <Notice tone="warm">
            <p>{t('checkout.interrupted')}</p>
          </Notice>
        )}
        {user === null && (
          <section className="card stack">
            <h2>{t('checkout.contact')}</h2>
            <TextField
              name="email"
              type="email"
              label={t('account.email')}
              hint={t('checkout.emailHint')}
              autoComplete="email"
              required
              error={errorAt('email')}
            />
          </section>
        )}
        <section className="card stack">
          <h2>{t('checkout.address')}</h2>
          <AddressFields
            initial={rememberedAddress() ?? { name: user?.name ?? '', country: homeCountry(shop.currency) }}
            errorAt={errorAt}
          />
        </section>
        <section className="card stack">
          <h2>{t('checkout.payment')}</h2>
          <PaymentChoice methods={shop.paymentMethods} />
          <TextArea name="note" label={t('checkout.note')} maxLength={1000} error={errorAt('note')} />
        </section>
      </div>
      <section className="card stack checkout-summary" aria-label={t('checkout.summary')}>
        <h2>{t('checkout.summary')}</h2>
        <CheckoutLines lines={lines} />
        {checkout.totals ? (
          <TotalsTable {...checkout.totals} taxInclusive={shop.tax.inclusive} />
        ) : (
          <p className="checkout-total">
            <span>{t('totals.total')}</span> <span>{format(checkout.total)}</span>
          </p>
        )}
        {checkout.problem && (
          <CheckoutProblem problem={checkout.problem} lines={lines} total={checkout.total} onFit={fit} />
        )}
        {unavailable.length > 0 && !checkout.problem && (
          <Notice tone="bad">
            <p>{t('checkout.unavailable', { titles: unavailable.map((line) => line.title).join('، ') })}</p>
            <div className="row">
              <Button
                size="small"
                onClick={() =>
                  fit(unavailable.map(({ variantId, quantity }) => ({ variantId, requested: quantity, left: 0 })))
                }
              >
                {t('checkout.removeUnavailable')}
              </Button>
            </div>
          </Notice>
        )}
        <Button type="submit" wide busy={checkout.isPlacing} disabled={unavailable.length > 0}>
          {t('checkout.buy', { total: format(checkout.total) })}
        </Button>
        <p className="muted small">{t('checkout.promise')}</p>
      </section>
    </form>
  )
}
