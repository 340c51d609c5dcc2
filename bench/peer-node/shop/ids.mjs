// Ids as the contract says them: UUIDs that carry the time (so that indexes grow at their end), and order numbers.
import { randomBytes } from 'node:crypto'

export function uuidv7() {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(Date.now(), 0, 6)
  bytes[6] = (bytes[6] & 0x0f) | 0x70
  bytes[8] = (bytes[8] & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

export function orderNumber() {
  let number = ''
  for (const byte of randomBytes(10)) number += CROCKFORD[byte & 31]
  return number
}
