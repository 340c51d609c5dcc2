// Sockets: following streams and saying something, over Socket.IO with its Redis adapter between processes.
import { createAdapter } from '@socket.io/redis-adapter'
import { Server } from 'socket.io'
import { config } from './config.mjs'
import { connectForEver } from './redis.mjs'
import * as schemas from './schemas.mjs'
import { PAGE, after as entriesAfter, append, entry, headOf, mayRead, view } from './streams.mjs'
import { identify } from './tokens.mjs'

const MOST_STREAMS = 200

class Refused extends Error {}

export function openSockets(http) {
  // Polling needs every request of a session in the same process, which a cluster on one port cannot say.
  const transports = config.workers > 1 ? ['websocket'] : ['polling', 'websocket']
  const io = new Server(http, { serveClient: false, transports, maxHttpBufferSize: 100_000, httpCompression: false, perMessageDeflate: false })
  const redis = [connectForEver(), connectForEver()]
  for (const connection of redis) connection.on('error', () => {})
  io.adapter(createAdapter(...redis))
  io.use((socket, next) => {
    const { token } = socket.handshake.auth
    try {
      if (token) socket.data.actor = identify(token)
      next()
    } catch (problem) {
      next(Object.assign(new Error(problem.code), { data: { code: problem.code } }))
    }
  })
  io.on('connection', (socket) => {
    answer(socket, 'subscribe', schemas.subscribe, subscribe)
    answer(socket, 'unsubscribe', schemas.unsubscribe, ({ stream }) => socket.leave(stream))
    answer(socket, 'post', schemas.post, (wanted) => post(io, socket, wanted))
  })
  return io
}

function answer(socket, event, schema, work) {
  socket.on(event, async (payload, ack) => {
    if (typeof ack !== 'function') return
    try {
      if (!schema(payload)) throw new Refused('invalid_input')
      ack({ ok: true, ...(await work.call(socket, payload)) })
    } catch (error) {
      const code = error instanceof Refused ? error.message : 'internal'
      if (code === 'internal') console.error(error)
      ack({ ok: false, code, message: code })
    }
  })
}

async function authorise(actor, stream) {
  if (!actor) throw new Refused('unauthenticated')
  if (!(await mayRead(actor, stream))) throw new Refused('forbidden')
}

async function subscribe({ stream, after }) {
  await authorise(this.data.actor, stream)
  if (this.rooms.size > MOST_STREAMS) throw new Refused('too_many_streams')
  // First the room, then the backlog: what comes between the two is seen twice rather than never.
  if (after === undefined) {
    await this.join(stream)
    return { head: await headOf(stream), entries: [], more: false }
  }
  const found = await entriesAfter(stream, after)
  if (found.length === PAGE) return { head: await headOf(stream), entries: found.map(view), more: true }
  await this.join(stream)
  const all = found.concat(await entriesAfter(stream, found.at(-1)?.seq ?? after))
  const head = all.at(-1)?.seq ?? (await headOf(stream))
  if (after > head) return { reset: true, head }
  return { head, entries: all.map(view), more: false }
}

async function post(io, socket, { stream, id, type, data }) {
  const { actor } = socket.data
  await authorise(actor, stream)
  const author = { id: actor.id, name: actor.name, role: actor.role }
  const [written] = await append(stream, [{ id, type, author, at: new Date(), data }])
  if (written) {
    io.to(stream).emit('entry', view(written))
    return { seq: written.seq, at: written.at }
  }
  const known = await entry(stream, id)
  if (known.author?.id !== actor.id || known.data?.text !== data.text) throw new Refused('id_conflict')
  return { seq: known.seq, at: known.at }
}
