/** The support desk: the queue of conversations, who has which, and the answers kept ready. */
import { client, dataOf } from './client'
import type { CannedReplyBody, ConversationView, SupportChange } from './types'

export const listConversations = (view: ConversationView, cursor: string | undefined, signal: AbortSignal) =>
  dataOf(client.GET('/api/v1/admin/conversations', { params: { query: { view, cursor } }, signal }))

export const countConversations = (signal: AbortSignal) =>
  dataOf(client.GET('/api/v1/admin/conversations/counts', { signal }))

export const getConversation = (userId: string, signal: AbortSignal) =>
  dataOf(client.GET('/api/v1/admin/conversations/{userId}', { params: { path: { userId } }, signal }))

export const takeConversation = (userId: string, force: boolean) =>
  dataOf(
    client.POST('/api/v1/admin/conversations/{userId}/take', {
      params: { path: { userId } },
      body: force ? { force } : {},
    }),
  )

/** To nobody in particular with null. */
export const handOverConversation = (userId: string, to: string | null) =>
  dataOf(client.POST('/api/v1/admin/conversations/{userId}/hand-over', { params: { path: { userId } }, body: { to } }))

export const closeConversation = (userId: string) =>
  dataOf(client.POST('/api/v1/admin/conversations/{userId}/close', { params: { path: { userId } } }))

export const reopenConversation = (userId: string) =>
  dataOf(client.POST('/api/v1/admin/conversations/{userId}/reopen', { params: { path: { userId } } }))

export const listStaff = (signal: AbortSignal) => dataOf(client.GET('/api/v1/admin/staff', { signal }))

export const listCannedReplies = (signal: AbortSignal) => dataOf(client.GET('/api/v1/admin/canned-replies', { signal }))

export const putCannedReply = (id: string, reply: CannedReplyBody) =>
  dataOf(client.PUT('/api/v1/admin/canned-replies/{id}', { params: { path: { id } }, body: reply }))

export const deleteCannedReply = (id: string) =>
  dataOf(client.DELETE('/api/v1/admin/canned-replies/{id}', { params: { path: { id } } }))

export const changeSupport = (support: SupportChange) =>
  dataOf(client.PATCH('/api/v1/admin/shop', { body: { support } }))
