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
  return (
    <div className="stack">
      <div className="field-pair">
        <TextField name="name" label={t('address.name')} autoComplete="name" required maxLength={100} defaultValue={initial.name} error={errorAt('address.name')} />
        <TextField name="phone" type="tel" label={t('address.phone')} autoComplete="tel" required maxLength={30} defaultValue={initial.phone} error={errorAt('address.phone')} />
      </div>
      <TextField name="line1" label={t('address.line1')} autoComplete="address-line1" required maxLength={200} defaultValue={initial.line1} error={errorAt('address.line1')} />
      <TextField name="line2" label={t('address.line2')} autoComplete="address-line2" maxLength={200} defaultValue={initial.line2 ?? ''} error={errorAt('address.line2')} />
      <div className="field-pair">
        <TextField name="city" label={t('address.city')} autoComplete="address-level2" required maxLength={100} defaultValue={initial.city} error={errorAt('address.city')} />
        <TextField name="region" label={t('address.region')} autoComplete="address-level1" maxLength={100} defaultValue={initial.region ?? ''} error={errorAt('address.region')} />
      </div>
      <div className="field-pair">
        <TextField name="postalCode" label={t('address.postalCode')} autoComplete="postal-code" maxLength={20} defaultValue={initial.postalCode ?? ''} error={errorAt('address.postalCode')} />
        <SelectField name="country" label={t('address.country')} autoComplete="country" defaultValue={initial.country} error={errorAt('address.country')}>
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
