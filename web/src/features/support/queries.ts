import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import {
  countConversations,
  getConversation,
  listCannedReplies,
  listConversations,
  listStaff,
} from '@/api/conversations'
import { keys } from '@/api/keys'
import type { Conversation, ConversationView } from '@/api/types'
import { useIsLive } from '@/realtime/hooks'

/** Asked again at this pace while no news arrives. */
const pollMs = 15_000

const usePolling = (): number | false => (useIsLive() ? false : pollMs)

export function useConversations(view: ConversationView) {
  const refetchInterval = usePolling()
  return useInfiniteQuery({
    queryKey: keys.conversationList(view),
    queryFn: ({ pageParam, signal }) => listConversations(view, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval,
  })
}

export function useConversationCounts() {
  const refetchInterval = usePolling()
  return useQuery({
    queryKey: keys.conversationCounts,
    queryFn: ({ signal }) => countConversations(signal),
    refetchInterval,
  }).data
}

export function useCustomerConversation(userId: string) {
  const refetchInterval = usePolling()
  return useQuery({
    queryKey: keys.conversation(userId),
    queryFn: ({ signal }) => getConversation(userId, signal),
    refetchInterval,
  })
}

export const useStaffMembers = () =>
  useQuery({ queryKey: keys.staffMembers, queryFn: ({ signal }) => listStaff(signal) })

export const useCannedReplies = () =>
  useQuery({ queryKey: keys.cannedReplies, queryFn: ({ signal }) => listCannedReplies(signal), staleTime: 60_000 })

/** Whatever changes who has a conversation, or whether it is open. */
export function useConversationChange<T>(userId: string, change: (input: T) => Promise<Conversation>) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: (conversation) => queries.setQueryData(keys.conversation(userId), conversation),
    onSettled: () => queries.invalidateQueries({ queryKey: keys.conversations }),
  })
}
