import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import type { Product, Variant } from '@/api/types'
import { choicesOf, choose } from './variants'

interface PickersProps {
  product: Product
  variant: Variant
  onChoose: (variant: Variant) => void
}

export function OptionPickers({ product, variant, onChoose }: PickersProps) {
  const { t } = useTranslation()
  const group = useId()
  return (
    <div className="stack">
      {product.options.map((option, index) => (
        <fieldset key={option.name} className="option">
          <legend className="field-label">{option.name}</legend>
          <div className="option-values">
            {choicesOf(option.values, index, variant.options, product.variants).map((choice) => (
              <label key={choice.value} className="option-value" data-possible={choice.isPossible}>
                <input
                  type="radio"
                  name={`${group}-${index}`}
                  checked={choice.isSelected}
                  disabled={!choice.isPossible}
                  onChange={() => {
                    const next = choose(product.variants, variant.options, index, choice.value)
                    if (next) onChoose(next)
                  }}
                />
                <span>{choice.value}</span>
                {!choice.isPossible && <span className="visually-hidden"> ({t('catalog.soldOut')})</span>}
              </label>
            ))}
          </div>
        </fieldset>
      ))}
    </div>
  )
}
