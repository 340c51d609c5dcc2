import type { OrderStatus, PaymentStatus } from '@/api/types'
import type { Tone } from '@/ui/Badge'

export const statuses: OrderStatus[] = ['placed', 'packed', 'shipped', 'delivered', 'cancelled', 'returned']

/** The way of an order when all goes well. */
export const usualWay: OrderStatus[] = ['placed', 'packed', 'shipped', 'delivered']

/** Where staff may move an order from each status; the server judges every move by the same rule. */
const steps: Record<OrderStatus, OrderStatus[]> = {
  placed: ['packed', 'shipped', 'cancelled'],
  packed: ['shipped', 'cancelled'],
  shipped: ['delivered', 'returned'],
  delivered: ['returned'],
  cancelled: [],
  returned: [],
}

const paymentSteps: Record<PaymentStatus, PaymentStatus[]> = { unpaid: ['paid'], paid: ['refunded'], refunded: [] }

export const nextStatuses = (status: OrderStatus): OrderStatus[] => steps[status]

export const nextPayments = (status: PaymentStatus): PaymentStatus[] => paymentSteps[status]

const tones: Record<OrderStatus, Tone> = {
  placed: 'warm',
  packed: 'warm',
  shipped: 'good',
  delivered: 'good',
  cancelled: 'bad',
  returned: 'bad',
}

export const statusTone = (status: OrderStatus): Tone => tones[status]

export const paymentTone = (status: PaymentStatus): Tone =>
  status === 'paid' ? 'good' : status === 'unpaid' ? 'warm' : 'plain'
