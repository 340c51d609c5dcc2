import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { keys } from '@/api/keys'
import { moveStock } from '@/api/products'
import type { Variant } from '@/api/types'
import { formText } from '@/lib/formText'
import { Badge } from '@/ui/Badge'
import { Button } from '@/ui/Button'
import { TextField } from '@/ui/Field'
import { ProblemNotice } from '@/ui/Notice'
import { Price } from '@/ui/ShopContext'
import { useToast } from '@/ui/Toasts'

/** From here down a shopkeeper should think of ordering more. */
const lowStock = 5

interface RowProps {
  productTitle: string
  variant: Variant
  canMove: boolean
}

export function StockRow({ productTitle, variant, canMove }: RowProps) {
  const { t } = useTranslation()
  const [isOpen, setIsOpen] = useState(false)
  const isCounted = variant.inventory !== 'untracked'
  return (
    <li className="stock-row">
      <span className="stock-name">
        {variant.title}
        {variant.sku && <bdi className="ltr muted small">{variant.sku}</bdi>}
      </span>
      <Price money={variant.price} />
      <StockBadge variant={variant} />
      {canMove && isCounted && (
        <Button
          look="plain"
          size="small"
          aria-expanded={isOpen}
          aria-label={t('inventory.moveOf', { title: `${productTitle} ${variant.title}` })}
          onClick={() => setIsOpen(!isOpen)}
        >
          {t('inventory.move')}
        </Button>
      )}
      {isOpen && <MoveForm variant={variant} onDone={() => setIsOpen(false)} />}
    </li>
  )
}

function StockBadge({ variant }: { variant: Variant }) {
  const { t } = useTranslation()
  if (variant.inventory === 'untracked') return <Badge>{t('inventory.untracked')}</Badge>
  const stock = variant.stock ?? 0
  const tone = stock <= 0 ? 'bad' : stock <= lowStock ? 'warm' : 'good'
  return <Badge tone={tone}>{t('inventory.inStock', { count: stock })}</Badge>
}

function MoveForm({ variant, onDone }: { variant: Variant; onDone: () => void }) {
  const { t } = useTranslation()
  const toast = useToast()
  const queries = useQueryClient()
  const action = useMutation({
    mutationFn: ({ delta, reason }: { delta: number; reason: string }) => moveStock(variant.id, delta, reason),
    onSuccess: ({ stock }) => {
      toast({ text: t('inventory.moved', { count: stock }) })
      onDone()
      return queries.invalidateQueries({ queryKey: keys.products })
    },
  })
  return (
    <form
      className="stock-form"
      onSubmit={(event) => {
        event.preventDefault()
        const form = new FormData(event.currentTarget)
        action.mutate({ delta: Number(formText(form, 'delta')), reason: formText(form, 'reason') })
      }}
    >
      <TextField
        name="delta"
        type="number"
        step={1}
        label={t('inventory.delta')}
        hint={t('inventory.deltaHint')}
        required
      />
      <TextField name="reason" label={t('inventory.reason')} required maxLength={200} />
      <Button type="submit" busy={action.isPending}>
        {t('inventory.save')}
      </Button>
      <ProblemNotice error={action.error} />
    </form>
  )
}
