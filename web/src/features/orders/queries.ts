import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { keys } from '@/api/keys'
import { getOrder, listMyOrders, listStaffOrders, orderEntries, type StaffOrderFilter } from '@/api/orders'
import { isFinal } from './status'

/** Asked again at this pace, and only while the page is in view. */
const pollMs = 5000

export const useMyOrders = () =>
  useInfiniteQuery({
    queryKey: keys.myOrders,
    queryFn: ({ pageParam, signal }) => listMyOrders(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  })

export const useOrder = (id: string) =>
  useQuery({
    queryKey: keys.order(id),
    queryFn: ({ signal }) => getOrder(id, signal),
    refetchInterval: ({ state }) => (state.data && isFinal(state.data) ? false : pollMs),
  })

export const useOrderEntries = (id: string, isSettled: boolean) =>
  useQuery({
    queryKey: keys.orderEntries(id),
    queryFn: ({ signal }) => orderEntries(id, signal),
    refetchInterval: isSettled ? false : pollMs,
  })

export const useStaffOrders = (filter: StaffOrderFilter) =>
  useInfiniteQuery({
    queryKey: keys.staffOrders(filter),
    queryFn: ({ pageParam, signal }) => listStaffOrders(filter, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: pollMs,
  })
