// Redis: connections by purpose. A subscriber's connection and BullMQ's blocking one can do nothing else.
import { Redis } from 'ioredis'
import { config } from './config.mjs'

// Commands of requests fail soon rather than wait for a Redis that is away.
export const connect = () => new Redis(config.redis, { enableAutoPipelining: true, maxRetriesPerRequest: 1 })

// What must come back by itself, however long that takes: BullMQ asks for this of its workers.
export const connectForEver = () => new Redis(config.redis, { maxRetriesPerRequest: null })
