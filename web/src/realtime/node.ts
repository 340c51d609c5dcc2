/** The library for programs outside a browser, such as a soak test: the same code on injected storage and tokens. */
import { io } from 'socket.io-client'
import { LiveClient, type LiveOptions } from './client'
import { socketTransport } from './socketTransport'

export { LiveClient, type LiveOptions, type Observer, type StreamCopy } from './client'
export type { Token, TokenSource } from './connection'
export { append, emptyLog, logOf, prepend, type StreamLog } from './streamLog'
export { MemoryStorage } from './memoryStorage'

export const connectTo = (url: string, options: Omit<LiveOptions, 'transport'>): LiveClient =>
  new LiveClient({ ...options, transport: socketTransport(url, () => Promise.resolve(io)) })
