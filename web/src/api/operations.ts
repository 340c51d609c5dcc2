/** What staff look after behind the shop: background jobs, and the mails of a shop that keeps them in a folder. */
import { client, dataOf } from './client'

export const listFailedJobs = (cursor: string | undefined, signal: AbortSignal) =>
  dataOf(client.GET('/api/v1/admin/jobs', { params: { query: { state: 'failed', cursor } }, signal }))

export const retryJob = (id: string) =>
  dataOf(client.POST('/api/v1/admin/jobs/{id}/retry', { params: { path: { id } } }))

export const listMails = (cursor: string | undefined, signal: AbortSignal) =>
  dataOf(client.GET('/api/v1/admin/mails', { params: { query: { cursor } }, signal }))

export const getMail = (id: string, signal: AbortSignal) =>
  dataOf(client.GET('/api/v1/admin/mails/{id}', { params: { path: { id } }, signal }))
