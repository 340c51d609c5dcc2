import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Money } from '@/lib/money'
import type { LineShortage, Problem } from '@/lib/problem'
import { Button } from '@/ui/Button'
import { Notice, ProblemNotice } from '@/ui/Notice'
import { useMoney } from '@/ui/ShopContext'
import type { CheckoutLine } from './useCheckout'

interface ProblemProps {
  problem: Problem
  lines: CheckoutLine[]
  total: Money
  onFit: (shortages: LineShortage[]) => void
}

/** Why there is no order yet, and the way on from there. */
export function CheckoutProblem({ problem, lines, total, onFit }: ProblemProps) {
  const { t } = useTranslation()
  const format = useMoney()
  switch (problem.code) {
    case 'out_of_stock':
      return <Shortages shortages={problem.lines} lines={lines} onFit={onFit} />
    case 'price_changed':
      return (
        <Notice tone="warm" isUrgent>
          <p>{t('checkout.priceChanged', { total: format(total) })}</p>
        </Notice>
      )
    case 'idempotency_key_reused':
      return (
        <Notice tone="warm" isUrgent>
          <p>{t('checkout.alreadyPlaced')}</p>
          <Link to="/orders">{t('orders.title')}</Link>
        </Notice>
      )
    case 'email_taken':
      return (
        <ProblemNotice error={problem}>
          <Link to="/sign-in?to=/checkout">{t('account.signIn')}</Link>
        </ProblemNotice>
      )
    default:
      return problem.isPassing ? (
        <Notice tone="warm" isUrgent>
          <p>{t('checkout.noAnswer')}</p>
        </Notice>
      ) : (
        <ProblemNotice error={problem} />
      )
  }
}

function Shortages({
  shortages,
  lines,
  onFit,
}: {
  shortages: LineShortage[]
  lines: CheckoutLine[]
  onFit: (shortages: LineShortage[]) => void
}) {
  const { t } = useTranslation()
  const titleOf = (variantId: string) => {
    const line = lines.find((each) => each.variantId === variantId)
    return [line?.title, line?.variantTitle].filter(Boolean).join(' · ')
  }
  return (
    <Notice tone="bad" isUrgent>
      <p>{t('checkout.outOfStock')}</p>
      <ul>
        {shortages.map((shortage) => (
          <li key={shortage.variantId}>
            <strong>{titleOf(shortage.variantId)}</strong> — {t('checkout.left', { count: shortage.left })}
          </li>
        ))}
      </ul>
      <div className="row">
        <Button size="small" onClick={() => onFit(shortages)}>
          {t('checkout.takeWhatIsLeft')}
        </Button>
      </div>
    </Notice>
  )
}
