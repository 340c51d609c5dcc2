/** Asks as often as the server says it is to be asked again; a limit is no refusal. Rejects with `LinkLost`. */
import { pause } from './backoff'
import type { Answer, Asked, Asks, Link } from './wire'

export async function askPatiently<E extends Asked>(
  link: Link,
  event: E,
  payload: Asks[E]['payload'],
): Promise<Answer<E>> {
  for (;;) {
    const answer = await link.ask(event, payload)
    if (answer.ok || answer.retryAfterMs === undefined) return answer
    await pause(answer.retryAfterMs)
  }
}
