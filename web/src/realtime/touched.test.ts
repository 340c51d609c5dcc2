import { describe, expect, it } from 'vitest'
import { keys } from '../api/keys'
import { keysTouchedBy } from './touched'
import type { Entry } from './wire'

const entry = (type: string, data: Entry['data'] = {}): Entry => ({ seq: 1, id: '1', type, author: null, at: '', data })

describe('keysTouchedBy', () => {
  it('asks for an order again when it moved on, not when somebody wrote', () => {
    expect(keysTouchedBy('order:o', [entry('message')])).toEqual([])
    expect(keysTouchedBy('order:o', [entry('message'), entry('payment')])).toContainEqual(keys.order('o'))
  })

  it('finds the order that the shop’s stream speaks of', () => {
    const touched = keysTouchedBy('store', [entry('order_status', { orderId: 'o' })])
    expect(touched).toContainEqual(keys.order('o'))
    expect(touched).toContainEqual(keys.staffOrderLists)
  })

  it('asks for the queue again whatever happens in a conversation', () => {
    expect(keysTouchedBy('support:u', [entry('message')])).toEqual([keys.conversations])
    expect(keysTouchedBy('notes:u', [entry('message')])).toEqual([])
  })
})
