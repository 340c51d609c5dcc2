import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { times } from '@/lib/money'
import { Button } from '@/ui/Button'
import { Icon } from '@/ui/Icon'
import { Price, useMoney } from '@/ui/ShopContext'
import { QuantityStepper } from '@/ui/QuantityStepper'
import { useToast } from '@/ui/Toasts'
import { mostOfOne, removeLine, restoreLine, setQuantity } from './cart'
import { changeCart } from './cartStore'
import type { ReviewedLine } from './review'
import './cart.css'

export function CartLines({ lines }: { lines: ReviewedLine[] }) {
  return (
    <ul className="cart-lines">
      {lines.map((line, position) => (
        <CartRow key={line.variantId} line={line} position={position} />
      ))}
    </ul>
  )
}

function CartRow({ line, position }: { line: ReviewedLine; position: number }) {
  const { t } = useTranslation()
  const toast = useToast()

  const remove = () => {
    changeCart((cart) => removeLine(cart, line.variantId))
    toast({
      text: t('cart.removed', { title: line.title }),
      action: { label: t('cart.undo'), run: () => changeCart((cart) => restoreLine(cart, line, position)) },
    })
  }

  return (
    <li className="cart-line" data-state={line.state}>
      <div className="cart-picture">{line.image && <img src={line.image} alt="" />}</div>
      <div className="cart-facts">
        <Link to={`/p/${encodeURIComponent(line.handle)}`} className="cart-title">
          {line.title}
        </Link>
        {line.variantTitle && <p className="muted small">{line.variantTitle}</p>}
        <LineNews line={line} />
      </div>
      <div className="cart-controls">
        <QuantityStepper
          quantity={line.quantity}
          max={mostOfOne}
          label={t('cart.quantityOf', { title: line.title })}
          onChange={(quantity) => changeCart((cart) => setQuantity(cart, line.variantId, quantity))}
        />
        <Button look="plain" size="small" aria-label={t('cart.removeTitle', { title: line.title })} onClick={remove}>
          <Icon name="trash" />
        </Button>
        <span className="cart-amount">
          <Price money={times(line.unitPrice, line.quantity)} />
        </span>
      </div>
    </li>
  )
}

function LineNews({ line }: { line: ReviewedLine }) {
  const { t } = useTranslation()
  const format = useMoney()
  if (line.state === 'gone') return <p className="cart-news">{t('cart.gone')}</p>
  if (line.state === 'soldOut') return <p className="cart-news">{t('cart.soldOut')}</p>
  if (line.oldPrice === null) return null
  return (
    <p className="cart-news">
      {t('cart.priceChanged', { before: format(line.oldPrice), now: format(line.unitPrice) })}
    </p>
  )
}
