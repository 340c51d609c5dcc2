import { times } from '@/lib/money'
import { Price } from '@/ui/ShopContext'
import type { CheckoutLine } from './useCheckout'

export function CheckoutLines({ lines }: { lines: CheckoutLine[] }) {
  return (
    <ul className="checkout-lines">
      {lines.map((line) => (
        <li key={line.variantId}>
          <span className="checkout-picture">{line.image && <img src={line.image} alt="" />}</span>
          <span className="checkout-line-title">
            {line.title}
            {line.variantTitle && <span className="muted small"> · {line.variantTitle}</span>}
            <span className="muted small"> × {line.quantity}</span>
          </span>
          <Price money={times(line.unitPrice, line.quantity)} />
        </li>
      ))}
    </ul>
  )
}
