// The peer that Souk's sockets are measured against: Node's socket.io, saying the same as `souk-bench serve-bare`.
import { createServer } from 'node:http'
import { Server } from 'socket.io'

const http = createServer()
const io = new Server(http, { serveClient: false })
io.on('connection', (socket) => {
  socket.join('all')
  socket.on('ack', (value, answer) => answer(value))
  socket.on('fan', (text) => io.to('all').emit('entry', text))
  // Garbage is not counted as memory of its sockets.
  socket.on('rest', (value, answer) => {
    globalThis.gc?.()
    answer(value)
  })
})
http.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${http.address().port}`))
