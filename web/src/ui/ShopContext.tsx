import { createContext, use, type ReactNode } from 'react'
import { languageTag } from '@/lib/locale'
import { formatMoney, type Money } from '@/lib/money'
import { useLocale } from '@/lib/useLocale'

interface ShopFacts {
  name: string
  currencyDigits: number
}

const ShopContext = createContext<ShopFacts>({ name: '', currencyDigits: 2 })

export function ShopFactsProvider({ facts, children }: { facts: ShopFacts; children: ReactNode }) {
  return <ShopContext value={facts}>{children}</ShopContext>
}

export const useShopName = (): string => use(ShopContext).name

/** Writes an amount as this shop's currency is written in the reader's language. */
export function useMoney(): (money: Money) => string {
  const { currencyDigits } = use(ShopContext)
  const locale = useLocale()
  return (money) => formatMoney(money, currencyDigits, languageTag(locale))
}

export function Price({ money }: { money: Money }) {
  const format = useMoney()
  return <span className="numeric price">{format(money)}</span>
}
