// MongoDB: one client for a process, its collections, their indexes. Every write waits for the majority.
import { MongoClient } from 'mongodb'
import { config } from './config.mjs'

export const client = new MongoClient(config.mongo, {
  maxPoolSize: config.pool,
  minPoolSize: 4,
  writeConcern: { w: 'majority' },
  retryWrites: true,
  serverSelectionTimeoutMS: 10_000,
  ignoreUndefined: true,
})

const db = client.db()

export const users = db.collection('users')
export const sessions = db.collection('sessions')
export const products = db.collection('products')
// What an order needs to know of a variant; stock is apart, so that selling rewrites nothing else.
export const variants = db.collection('variants')
export const stock = db.collection('stock')
export const orders = db.collection('orders')
// `_id` is `stream/id`: an entry id is there once in its stream.
export const entries = db.collection('entries')

export async function prepare() {
  await client.connect()
  // Inside a transaction a collection cannot be made beside another one that makes it.
  const known = new Set((await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name))
  for (const { collectionName } of [users, sessions, products, variants, stock, orders, entries]) {
    if (!known.has(collectionName)) await db.createCollection(collectionName)
  }
  await users.createIndex({ email: 1 }, { unique: true, partialFilterExpression: { account: true } })
  await products.createIndex({ handle: 1 }, { unique: true })
  await products.createIndex({ status: 1, _id: -1 })
  await orders.createIndex({ userId: 1, key: 1 }, { unique: true })
  await orders.createIndex({ number: 1 }, { unique: true })
  await orders.createIndex({ pending: 1 }, { partialFilterExpression: { pending: { $exists: true } } })
  await entries.createIndex({ stream: 1, seq: 1 }, { unique: true })
}

export const isDuplicate = (error) => error?.code === 11000
