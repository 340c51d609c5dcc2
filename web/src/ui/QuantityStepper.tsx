import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from './Icon'

interface StepperProps {
  quantity: number
  onChange: (quantity: number) => void
  /** What is counted, for those who hear the page. */
  label: string
  max?: number
}

export function QuantityStepper({ quantity, onChange, label, max = 10_000 }: StepperProps) {
  const { t } = useTranslation()
  // What is being typed: an empty field must be possible on the way from 1 to 12.
  const [draft, setDraft] = useState<string | null>(null)

  const commit = (text: string) => {
    const typed = Number.parseInt(text, 10)
    if (Number.isFinite(typed)) onChange(Math.min(Math.max(typed, 1), max))
    setDraft(null)
  }

  return (
    <div className="stepper" role="group" aria-label={label}>
      <button
        type="button"
        aria-label={t('quantity.less')}
        disabled={quantity <= 1}
        onClick={() => onChange(quantity - 1)}
      >
        <Icon name="minus" />
      </button>
      <input
        inputMode="numeric"
        aria-label={label}
        value={draft ?? quantity}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={(event) => commit(event.target.value)}
        onKeyDown={(event) => event.key === 'Enter' && commit(event.currentTarget.value)}
      />
      <button
        type="button"
        aria-label={t('quantity.more')}
        disabled={quantity >= max}
        onClick={() => onChange(quantity + 1)}
      >
        <Icon name="plus" />
      </button>
    </div>
  )
}
