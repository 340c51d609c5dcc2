/** An amount in the currency's own minor units (halalas, fils), as the API sends it. */
export interface Money {
  amount: number
  currency: string
}

export const zero = (currency: string): Money => ({ amount: 0, currency })

export const times = (money: Money, quantity: number): Money => ({ ...money, amount: money.amount * quantity })

export function sum(amounts: Money[], currency: string): Money {
  return { amount: amounts.reduce((total, money) => total + money.amount, 0), currency }
}

export const sameMoney = (a: Money, b: Money): boolean => a.amount === b.amount && a.currency === b.currency

/** `digits` is how many of the minor units' digits stand after the point: 2 for SAR, 3 for KWD, 0 for JPY. */
export function formatMoney(money: Money, digits: number, languageTag: string): string {
  const format = new Intl.NumberFormat(languageTag, {
    style: 'currency',
    currency: money.currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
  return format.format(decimal(money.amount, digits))
}

// As text, so that no amount is rounded by binary fractions on its way to the formatter.
function decimal(amount: number, digits: number): Intl.StringNumericLiteral {
  const sign = amount < 0 ? '-' : ''
  const whole = Math.abs(amount)
    .toString()
    .padStart(digits + 1, '0')
  const text = digits === 0 ? whole : `${whole.slice(0, -digits)}.${whole.slice(-digits)}`
  return `${sign}${text}` as Intl.StringNumericLiteral
}
