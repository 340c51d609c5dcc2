// Answers that everybody may see: a second in this process, then some seconds in Redis, then made anew, once for all
// who wait. What is kept is the finished body with its tag. Without Redis answers are made from the database.
import { createHash } from 'node:crypto'
import { connect, connectForEver } from './redis.mjs'

const IN_PROCESS_MS = 1_000
const IN_REDIS_S = 10
const MOST_IN_PROCESS = 5_000
const PREFIX = 'peer:cache:'
const NEWS = 'peer:cache-dropped'

const redis = connect()
const near = new Map()
const making = new Map()

redis.on('error', () => {})
const listener = connectForEver()
listener.on('error', () => {})
listener.subscribe(NEWS).catch(() => {})
listener.on('message', () => near.clear())

/** `{ tag, body }` of what `make` gives, or null. */
export function cached(key, make) {
  const found = near.get(key)
  if (found && found.until > Date.now()) return found.value
  let flight = making.get(key)
  if (!flight) {
    flight = fetch(key, make).finally(() => making.delete(key))
    making.set(key, flight)
  }
  return flight
}

async function fetch(key, make) {
  const far = await redis.get(PREFIX + key).catch(() => null)
  const text = far ? JSON.parse(far) : await made(key, make)
  // As bytes: a text would be encoded anew for each answer.
  const value = text && { tag: text.tag, body: Buffer.from(text.body) }
  if (near.size >= MOST_IN_PROCESS) near.delete(near.keys().next().value)
  near.set(key, { value, until: Date.now() + IN_PROCESS_MS })
  return value
}

async function made(key, make) {
  const view = await make()
  if (view === null) return null
  const body = JSON.stringify(view)
  const tag = `"${createHash('sha256').update(body).digest('hex').slice(0, 24)}"`
  const value = { tag, body }
  await redis.set(PREFIX + key, JSON.stringify(value), 'EX', IN_REDIS_S).catch(() => {})
  return value
}

/** Forgets everything, everywhere: the catalogue changed, which is rare. */
export async function drop() {
  near.clear()
  let cursor = '0'
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${PREFIX}*`, 'COUNT', 1_000)
    if (keys.length > 0) await redis.unlink(...keys)
    cursor = next
  } while (cursor !== '0')
  await redis.publish(NEWS, '')
}

export async function closeCache() {
  await Promise.allSettled([redis.quit(), listener.quit()])
}
