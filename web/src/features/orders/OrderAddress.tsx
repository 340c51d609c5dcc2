import type { Address } from '@/api/types'
import { languageTag } from '@/lib/locale'
import { useLocale } from '@/lib/useLocale'

export function OrderAddress({ address }: { address: Address }) {
  const locale = useLocale()
  const place = [address.city, address.region, address.postalCode].filter(Boolean).join(locale === 'ar' ? '، ' : ', ')
  const country = new Intl.DisplayNames(languageTag(locale), { type: 'region', fallback: 'code' })
  return (
    <address className="order-address">
      <strong>{address.name}</strong>
      <span>{address.line1}</span>
      {address.line2 && <span>{address.line2}</span>}
      <span>{place}</span>
      <span>{country.of(address.country)}</span>
      <a href={`tel:${address.phone.replace(/[^+\d]/g, '')}`}>
        <bdi className="ltr">{address.phone}</bdi>
      </a>
    </address>
  )
}
