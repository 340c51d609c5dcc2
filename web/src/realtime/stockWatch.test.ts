import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { StockEvent } from './events.gen'
import { StockWatch } from './stockWatch'
import type { Link } from './wire'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('what is heard while a question is under way is newer than its answer', async () => {
  const told = new Map<string, boolean>()
  const watch = new StockWatch(
    ({ variantId, available }: StockEvent) => void told.set(variantId, available),
    () => expect.unreachable(),
  )
  const stock = ['a', 'b'].map((variantId) => ({ variantId, available: false }))
  const ask = () => new Promise((answer) => setTimeout(() => answer({ ok: true, stock }), 1_000))
  watch.connected({ ask } as unknown as Link)
  watch.add(['p'])
  await vi.advanceTimersByTimeAsync(500)
  watch.hear({ variantId: 'a', available: true })
  await vi.advanceTimersByTimeAsync(1_000)
  expect([...told]).toEqual([
    ['a', true],
    ['b', false],
  ])
  // The next answer counts again.
  watch.add(['q'])
  await vi.advanceTimersByTimeAsync(2_000)
  expect(told.get('a')).toBe(false)
})
