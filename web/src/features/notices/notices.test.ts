import { describe, expect, it } from 'vitest'
import { noticesIn, placeOf } from './notices'

const entry = (seq: number, type: string, data: unknown) => ({ seq, type, data, at: '2026-01-01T00:00:00Z' })

describe('noticesIn', () => {
  it('keeps what needs a look, the newest first', () => {
    const notices = noticesIn([
      entry(1, 'order_placed', { orderId: 'o' }),
      entry(2, 'low_stock', { title: 'Soap & more', left: 2 }),
      entry(3, 'job_failed', null),
      entry(4, 'conversation_opened', { userId: 'u', name: 'Sara' }),
      entry(5, 'job_failed', { kind: 'send_receipt' }),
    ])
    expect(notices.map(({ seq }) => seq)).toEqual([5, 4, 2])
    expect(notices.map(placeOf)).toEqual(['/staff/jobs', '/staff/support/u', '/staff/products?q=Soap%20%26%20more'])
  })
})
