import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Address } from '@/api/types'
import { formText } from '@/lib/formText'
import { useLocale } from '@/lib/useLocale'
import { SelectField, TextField } from '@/ui/Field'
import { countries } from './countries'

interface AddressProps {
  initial: Partial<Address>
  errorAt: (path: string) => string | undefined
}

export function AddressFields({ initial, errorAt }: AddressProps) {
  const { t } = useTranslation()
  const locale = useLocale()
  const choices = useMemo(() => countries(locale), [locale])
  const field = (name: keyof Address, autoComplete: string, maxLength: number, isRequired = false) => (
    <TextField
      name={name}
      type={name === 'phone' ? 'tel' : 'text'}
      label={t(`address.${name}`)}
      autoComplete={autoComplete}
      maxLength={maxLength}
      required={isRequired}
      defaultValue={initial[name] ?? ''}
      error={errorAt(`address.${name}`)}
    />
  )
  return (
    <div className="stack">
      <div className="field-pair">
        {field('name', 'name', 100, true)}
        {field('phone', 'tel', 30, true)}
      </div>
      {field('line1', 'address-line1', 200, true)}
      {field('line2', 'address-line2', 200)}
      <div className="field-pair">
        {field('city', 'address-level2', 100, true)}
        {field('region', 'address-level1', 100)}
      </div>
      <div className="field-pair">
        {field('postalCode', 'postal-code', 20)}
        <SelectField
          name="country"
          label={t('address.country')}
          autoComplete="country"
          defaultValue={initial.country}
          error={errorAt('address.country')}
        >
          {choices.map((country) => (
            <option key={country.code} value={country.code}>
              {country.name}
            </option>
          ))}
        </SelectField>
      </div>
    </div>
  )
}

/** Optional fields that are empty are left out, as the server stores them. */
export function readAddress(form: FormData): Address {
  const optional = (name: string) => formText(form, name) || undefined
  return {
    name: formText(form, 'name'),
    phone: formText(form, 'phone'),
    line1: formText(form, 'line1'),
    line2: optional('line2'),
    city: formText(form, 'city'),
    region: optional('region'),
    postalCode: optional('postalCode'),
    country: formText(form, 'country'),
  }
}
