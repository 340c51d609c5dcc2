import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { keys } from '@/api/keys'
import { getOrder, listMyOrders, listStaffOrders, type StaffOrderFilter } from '@/api/orders'
import { useIsLive } from '@/realtime/hooks'

/** While no news arrives, lists are asked for again at this pace, and only while the page is in view. */
const pollMs = 15_000

export const useMyOrders = () =>
  useInfiniteQuery({
    queryKey: keys.myOrders,
    queryFn: ({ pageParam, signal }) => listMyOrders(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  })

/** The news of its stream has it asked for again. */
export function useOrder(id: string) {
  const isLive = useIsLive()
  return useQuery({
    queryKey: keys.order(id),
    queryFn: ({ signal }) => getOrder(id, signal),
    refetchInterval: isLive ? false : pollMs,
  })
}

export function useStaffOrders(filter: StaffOrderFilter) {
  const isLive = useIsLive()
  return useInfiniteQuery({
    queryKey: keys.staffOrders(filter),
    queryFn: ({ pageParam, signal }) => listStaffOrders(filter, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: isLive ? false : pollMs,
  })
}
