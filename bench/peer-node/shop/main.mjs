// The peer: a cluster of processes on one port, and beside them those that do jobs. One that ends is started again.
import cluster from 'node:cluster'
import { mkdirSync } from 'node:fs'
import { config } from './config.mjs'

process.env.NODE_ENV ??= 'production'

if (cluster.isPrimary) await lead()
else if (process.env.PEER_ROLE === 'jobs') await (await import('./jobs.mjs')).runJobs()
else await (await import('./web.mjs')).runWeb()

async function lead() {
  const { client, prepare } = await import('./mongo.mjs')
  await prepare()
  await client.close()
  if (config.mail) mkdirSync(config.mail, { recursive: true })
  let stopping = false
  let listening = 0
  const roles = new Map()
  const start = (role) => roles.set(cluster.fork({ PEER_ROLE: role }).id, role)
  cluster.on('message', (_worker, { listening: port }) => {
    listening += 1
    if (listening === config.workers) console.log(`listening on http://${config.host}:${port}`)
  })
  cluster.on('exit', (worker, code) => {
    const role = roles.get(worker.id)
    roles.delete(worker.id)
    if (stopping) return
    console.error(`a process (${role}) ended with ${code}; another one is started`)
    setTimeout(() => stopping || start(role), 500)
  })
  for (let count = 0; count < config.workers; count += 1) start('web')
  for (let count = 0; count < config.jobWorkers; count += 1) start('jobs')
  const stop = () => {
    stopping = true
    for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGTERM')
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}
