import { useTranslation } from 'react-i18next'
import type { PaymentMethod } from '@/api/types'

export function PaymentChoice({ methods }: { methods: PaymentMethod[] }) {
  const { t } = useTranslation()
  return (
    <fieldset className="stack stack-tight">
      <legend className="visually-hidden">{t('checkout.payment')}</legend>
      {methods.map((method, position) => (
        <label key={method} className="choice">
          <input type="radio" name="payment" value={method} defaultChecked={position === 0} />
          <span>
            {t(`payment.method.${method}`)}
            <span className="small checkout-choice-hint">{t(`checkout.paymentHint.${method}`)}</span>
          </span>
        </label>
      ))}
    </fieldset>
  )
}

export const readPayment = (form: FormData, methods: PaymentMethod[]): PaymentMethod | undefined =>
  methods.find((method) => method === form.get('payment')) ?? methods[0]
