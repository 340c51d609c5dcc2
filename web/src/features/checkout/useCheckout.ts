import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { becomeGuest } from '@/api/account'
import { keys } from '@/api/keys'
import { placeOrder } from '@/api/orders'
import { sessionUser } from '@/api/session'
import { useShop } from '@/api/shop'
import type { Address, NewOrder, PaymentMethod } from '@/api/types'
import { sameMoney, type Money } from '@/lib/money'
import { asProblem } from '@/lib/problem'
import { randomId } from '@/lib/randomId'
import { totalsOf, type PricedLine } from '@/lib/totals'
import { useLocale } from '@/lib/useLocale'
import { placeOnce, type Placed } from './attempt'
import { rememberAddress } from './rememberedAddress'

export interface CheckoutLine extends PricedLine {
  variantId: string
  title: string
  variantTitle: string
  image: string | null
  state: 'ready' | 'soldOut' | 'gone'
}

export interface Details {
  email: string
  address: Address
  note: string
  payment: PaymentMethod | undefined
}

interface Quote {
  forLines: string
  total: Money
}

export function useCheckout(lines: CheckoutLine[], onPlaced: (placed: Placed) => void) {
  const shop = useShop()
  const locale = useLocale()
  const queries = useQueryClient()
  const isSending = useRef(false)
  const [quote, setQuote] = useState<Quote | null>(null)

  const forLines = lines.map((line) => `${line.variantId}×${line.quantity}`).join()
  const totals = totalsOf(lines, shop)
  // The server has the last word on the total: once it has named one for these lines, the buyer agrees to that.
  const total = quote?.forLines === forLines ? quote.total : totals.total

  const mutation = useMutation({
    mutationFn: async ({ email, address, note, payment }: Details) => {
      if (!sessionUser()) await becomeGuest({ name: address.name, email }, locale)
      const order: NewOrder = {
        lines: lines.map(({ variantId, quantity }) => ({ variantId, quantity })),
        expectedTotal: total,
        address,
        note: note || undefined,
        payment: payment && { method: payment },
      }
      return placeOnce(order, { storage: sessionStorage, newKey: randomId, send: placeOrder })
    },
    onSuccess: (placed, { address }) => {
      rememberAddress(address)
      queries.setQueryData(keys.order(placed.order.id), placed.order)
      void queries.invalidateQueries({ queryKey: keys.orders })
      void queries.invalidateQueries({ queryKey: keys.products })
      onPlaced(placed)
    },
    onError: (cause) => {
      const problem = asProblem(cause)
      if (problem.code === 'price_changed') {
        void queries.invalidateQueries({ queryKey: keys.shop })
        if (problem.total) setQuote({ forLines, total: problem.total })
      }
      if (problem.status === 409) void queries.invalidateQueries({ queryKey: keys.products })
    },
    onSettled: () => {
      isSending.current = false
    },
  })

  /** A second press in the same moment does nothing, even before the button has been drawn as busy. */
  const place = (details: Details) => {
    if (isSending.current) return
    isSending.current = true
    mutation.mutate(details)
  }

  return {
    place,
    total,
    totals: sameMoney(total, totals.total) ? totals : null,
    isPlacing: mutation.isPending,
    isPlaced: mutation.isSuccess,
    problem: mutation.error === null ? null : asProblem(mutation.error),
    dismissProblem: mutation.reset,
  }
}
