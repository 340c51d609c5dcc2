/** Streams over HTTP: what was said before, who has read how far, and what is unread. */
import { client, dataOf } from './client'

interface Range {
  after?: number
  before?: number
  limit: number
}

export const readEntries = (key: string, range: Range) =>
  dataOf(client.GET('/api/v1/streams/{key}/entries', { params: { path: { key }, query: range } }))

export const listMarks = (key: string, signal: AbortSignal) =>
  dataOf(client.GET('/api/v1/streams/{key}/marks', { params: { path: { key } }, signal }))

export async function unreadOf(key: string, signal: AbortSignal) {
  const { items } = await dataOf(client.GET('/api/v1/me/unread', { params: { query: { streams: key } }, signal }))
  return items[0] ?? { stream: key, head: 0, read: 0, unread: 0 }
}
