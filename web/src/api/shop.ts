import { useSuspenseQuery } from '@tanstack/react-query'
import { dataOf, shopWindow } from './client'
import { keys } from './keys'
import type { Shop } from './types'

export const shopQuery = {
  queryKey: keys.shop,
  queryFn: ({ signal }: { signal: AbortSignal }) => dataOf(shopWindow.GET('/api/v1/shop', { signal })),
  staleTime: 60_000,
}

/** The shop's settings. The app asks for them before it shows any page, so they are always there. */
export const useShop = (): Shop => useSuspenseQuery(shopQuery).data
