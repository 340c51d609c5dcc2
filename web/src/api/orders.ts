import { client, dataOf } from './client'
import type { NewOrder, OrderStatus, PaymentStatus } from './types'

export const placeOrder = (order: NewOrder, idempotencyKey: string) =>
  dataOf(client.POST('/api/v1/orders', { params: { header: { 'Idempotency-Key': idempotencyKey } }, body: order }))

export const listMyOrders = (cursor: string | undefined, signal: AbortSignal) =>
  dataOf(client.GET('/api/v1/orders', { params: { query: { cursor } }, signal }))

export const getOrder = (id: string, signal: AbortSignal) =>
  dataOf(client.GET('/api/v1/orders/{id}', { params: { path: { id } }, signal }))

export const cancelOrder = (id: string) =>
  dataOf(client.POST('/api/v1/orders/{id}/cancel', { params: { path: { id } }, body: {} }))

export interface StaffOrderFilter {
  status: OrderStatus | ''
  q: string
}

export const listStaffOrders = ({ status, q }: StaffOrderFilter, cursor: string | undefined, signal: AbortSignal) =>
  dataOf(
    client.GET('/api/v1/admin/orders', {
      params: { query: { status: status || undefined, q: q || undefined, cursor } },
      signal,
    }),
  )

/** The latest of one buyer. */
export const listOrdersOf = (userId: string, signal: AbortSignal) =>
  dataOf(client.GET('/api/v1/admin/orders', { params: { query: { userId, limit: 10 } }, signal }))

export const moveOrder = (id: string, move: { status: OrderStatus; tracking?: string; reason?: string }) =>
  dataOf(client.POST('/api/v1/admin/orders/{id}/status', { params: { path: { id } }, body: move }))

export const setPayment = (id: string, status: PaymentStatus) =>
  dataOf(client.POST('/api/v1/admin/orders/{id}/payment', { params: { path: { id } }, body: { status } }))
