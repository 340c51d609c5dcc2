// The process that answers requests and holds sockets.
import { createServer } from 'node:http'
import express from 'express'
import { accounts } from './accounts.mjs'
import { closeCache } from './cache.mjs'
import { config } from './config.mjs'
import { startHandover, stopHandover } from './handover.mjs'
import { client, orders } from './mongo.mjs'
import { shop } from './orders.mjs'
import { Problem, answerProblem } from './problem.mjs'
import { catalog } from './products.mjs'
import { closeQueue, leftInQueue, openQueue } from './queue.mjs'
import { openSockets } from './sockets.mjs'

export async function runWeb() {
  await client.connect()
  openQueue()
  const http = createServer({ keepAliveTimeout: 65_000, headersTimeout: 20_000, requestTimeout: 30_000, noDelay: true }, app())
  const io = openSockets(http)
  startHandover(io)
  http.listen({ host: config.host, port: config.port, backlog: 4_096 }, () => process.send?.({ listening: http.address().port }))
  process.once('SIGTERM', async () => {
    await io.close()
    await stopHandover()
    await closeQueue()
    await closeCache()
    await client.close()
    process.exit(0)
  })
}

function app() {
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.set('query parser', 'simple')
  app.get('/healthz', (_request, response) => response.json({ status: 'ok' }))
  // What is still to be done: a bench waits until nothing is.
  app.get('/left', async (_request, response) => {
    const [pending, jobs] = await Promise.all([orders.countDocuments({ pending: { $exists: true } }), leftInQueue()])
    response.json({ pending, ...jobs })
  })
  app.use('/api/v1', express.json({ limit: '64kb' }), accounts, catalog, shop)
  app.use(() => {
    throw new Problem('not_found')
  })
  app.use(answerProblem)
  return app
}
