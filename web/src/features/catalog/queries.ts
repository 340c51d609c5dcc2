import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { keys } from '@/api/keys'
import { getProduct, listCategories, listProducts, type ProductFilter } from '@/api/products'

export const useProducts = (filter: ProductFilter) =>
  useInfiniteQuery({
    queryKey: keys.productList(filter),
    queryFn: ({ pageParam, signal }) => listProducts(filter, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    // The old list stays, dimmed, while the next one is found: nothing jumps under the reader's eyes.
    placeholderData: keepPreviousData,
  })

export const useCategories = () =>
  useQuery({ queryKey: keys.categories, queryFn: ({ signal }) => listCategories(signal), staleTime: 60_000 })

export const useProduct = (handle: string) =>
  useQuery({ queryKey: keys.product(handle), queryFn: ({ signal }) => getProduct(handle, signal) })
