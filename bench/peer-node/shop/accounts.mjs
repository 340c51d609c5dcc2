// Accounts: register, sign in, come as a guest.
import { createHash, randomBytes } from 'node:crypto'
import { Algorithm, hash, verify } from '@node-rs/argon2'
import { Router } from 'express'
import { uuidv7 } from './ids.mjs'
import { isDuplicate, sessions, users } from './mongo.mjs'
import { Problem } from './problem.mjs'
import * as schemas from './schemas.mjs'
import { sign } from './tokens.mjs'

// What OWASP names first: 19 MiB, 2 passes, 1 lane. Hashed in libuv's threads, so that the event loop goes on.
export const ARGON = { algorithm: Algorithm.Argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 }
const SESSION_MS = 30 * 24 * 3_600 * 1_000

// Checked when there is no account, so that the answer takes as long.
const nobody = hash(randomBytes(16), ARGON)

export const accounts = Router()

accounts.post('/auth/register', async (request, response) => {
  const { email, password, name, locale } = schemas.checked(schemas.registration, request.body)
  const user = newUser({ email: email.toLowerCase(), name, locale, role: 'customer', account: true })
  user.passwordHash = await hash(password, ARGON)
  try {
    await users.insertOne(user)
  } catch (error) {
    throw isDuplicate(error) ? new Problem('email_taken') : error
  }
  await answer(response.status(201), user)
})

accounts.post('/auth/login', async (request, response) => {
  const { email, password } = schemas.checked(schemas.signIn, request.body)
  const user = await users.findOne({ email: email.toLowerCase(), account: true })
  const good = await verify(user?.passwordHash ?? (await nobody), password)
  if (!user || !good) throw new Problem('bad_credentials')
  await answer(response, user)
})

accounts.post('/auth/guest', async (request, response) => {
  const { name, email, locale } = schemas.checked(schemas.guest, request.body)
  const user = newUser({ email: email?.toLowerCase() ?? null, name: name ?? '', locale, role: 'guest', account: false })
  await users.insertOne(user)
  await answer(response.status(201), user)
})

export function newUser({ locale = 'en', ...rest }) {
  return { _id: uuidv7(), ...rest, locale, emailVerified: false, createdAt: new Date() }
}

async function answer(response, user) {
  const secret = randomBytes(32).toString('base64url')
  const digest = createHash('sha256').update(secret).digest('base64url')
  await sessions.insertOne({ _id: digest, userId: user._id, expiresAt: new Date(Date.now() + SESSION_MS) })
  response.cookie('peer_refresh', secret, { httpOnly: true, sameSite: 'lax', path: '/api/v1/auth', maxAge: SESSION_MS })
  const { _id: id, email, name, role, locale, emailVerified, createdAt } = user
  response.json({ user: { id, email, name, role, locale, emailVerified, createdAt }, ...sign(user) })
}
