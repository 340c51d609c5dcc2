// Settings, from the environment alone. The secret signs tokens of a bench: it guards nothing.
import { availableParallelism } from 'node:os'

const [host, port] = splitListen(process.env.PEER_LISTEN ?? '127.0.0.1:8090')

function splitListen(text) {
  const colon = text.lastIndexOf(':')
  return [text.slice(0, colon), Number(text.slice(colon + 1))]
}

function oneOf(name, allowed) {
  const value = process.env[name] ?? allowed[0]
  if (!allowed.includes(value)) throw new Error(`${name} must be one of ${allowed.join(', ')}`)
  return value
}

export const config = {
  mongo: process.env.PEER_MONGO ?? 'mongodb://127.0.0.1:27017/peer?replicaSet=rs0',
  redis: process.env.PEER_REDIS ?? 'redis://127.0.0.1:6379',
  host,
  port,
  // Processes that answer requests and hold sockets, and processes that do jobs.
  workers: Number(process.env.PEER_WORKERS ?? availableParallelism()),
  jobWorkers: Number(process.env.PEER_JOB_WORKERS ?? 1),
  orders: oneOf('PEER_ORDERS', ['transaction', 'conditional']),
  // A folder for .eml files; without one mails are written nowhere and counted.
  mail: process.env.PEER_MAIL ?? '',
  secret: process.env.PEER_SECRET ?? 'the bench guards nothing with this secret',
  // Connections of one process to MongoDB.
  pool: Number(process.env.PEER_POOL ?? 50),
  orderDeadlineMs: 10_000,
  currency: 'SAR',
}
