import { Link } from 'react-router'
import type { Order } from '@/api/types'
import { Price } from '@/ui/ShopContext'
import { TotalsTable } from '@/ui/TotalsTable'

/** What was bought, as it was named and priced on the day. */
export function OrderLines({ order }: { order: Order }) {
  return (
    <div className="stack">
      <ul className="order-lines">
        {order.lines.map((line) => (
          <li key={line.variantId}>
            <span className="order-picture">{line.image && <img src={line.image} alt="" loading="lazy" />}</span>
            <span className="order-line-facts">
              <Link to={`/p/${encodeURIComponent(line.handle)}`}>{line.title}</Link>
              <span className="muted small">
                {line.variantTitle && `${line.variantTitle} · `}
                <bdi className="ltr">
                  {line.quantity} × <Price money={line.unitPrice} />
                </bdi>
              </span>
            </span>
            <Price money={line.total} />
          </li>
        ))}
      </ul>
      <TotalsTable {...order} />
    </div>
  )
}
