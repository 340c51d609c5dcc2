/** Carries the library over Socket.IO. Knows nothing of what is said over it. */
import type { io as connect, Socket } from 'socket.io-client'
import { LinkLost, newsNames, type Answer, type Asked, type Link, type Report, type Transport } from './wire'

type Io = typeof connect

/** How long an answer may take before the connection counts as lost. */
const answerWithinMs = 10_000

/**
 * `url` is the server's origin; `loadIo` brings the client only when it is wanted, so that pages without a connection
 * do not carry it. Coming back is this library's own work, so the client's is switched off.
 */
export function socketTransport(url: string | undefined, loadIo: () => Promise<Io>): Transport {
  return {
    open(token, handlers) {
      let socket: Socket | null = null
      let isClosed = false
      const start = (io: Io) => {
        if (isClosed) return
        const options = {
          forceNew: true,
          reconnection: false,
          transports: ['websocket', 'polling'],
          tryAllTransports: true,
          auth: token === null ? {} : { token },
        }
        const opened = url === undefined ? io(options) : io(url, options)
        socket = opened
        opened.on('connect', () => handlers.opened())
        opened.on('connect_error', (error) => handlers.refused(codeOf(error)))
        opened.on('disconnect', (reason) => handlers.closed(reason === 'io server disconnect' ? 'ended' : 'lost'))
        for (const name of newsNames) {
          opened.on(name, (payload: unknown) => handlers.told({ name, payload } as Report))
        }
      }
      loadIo().then(start, () => !isClosed && handlers.refused(null))

      const link: Link = {
        async ask<E extends Asked>(event: E, payload: object): Promise<Answer<E>> {
          if (!socket?.connected) throw new LinkLost()
          try {
            return (await socket.timeout(answerWithinMs).emitWithAck(event, payload)) as Answer<E>
          } catch {
            throw new LinkLost()
          }
        },
        // Nobody wants to know who typed before the connection was back.
        typing: (payload) => void socket?.volatile.emit('typing', payload),
        close() {
          isClosed = true
          socket?.off()
          socket?.disconnect()
        },
      }
      return link
    },
  }
}

function codeOf(error: Error): string | null {
  const data: unknown = 'data' in error ? error.data : null
  return typeof data === 'object' && data !== null && 'code' in data && typeof data.code === 'string' ? data.code : null
}
