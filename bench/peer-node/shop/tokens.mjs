// Access tokens: who asks, from the token alone.
import jwt from 'jsonwebtoken'
import { config } from './config.mjs'
import { Problem } from './problem.mjs'

const LIFETIME_S = 600
const key = Buffer.from(config.secret)

export function sign(user) {
  const claims = { name: user.name, role: user.role, locale: user.locale }
  const options = { subject: user._id, expiresIn: LIFETIME_S, algorithm: 'HS256' }
  return { accessToken: jwt.sign(claims, key, options), expiresIn: LIFETIME_S }
}

export function identify(token) {
  try {
    const { sub, name, role, locale } = jwt.verify(token, key, { algorithms: ['HS256'] })
    return { id: sub, name, role, locale }
  } catch (error) {
    throw new Problem(error.name === 'TokenExpiredError' ? 'token_expired' : 'token_invalid')
  }
}

/** Middleware: only with a token; `request.actor` is who it names. */
export function signedIn(request, _response, next) {
  const header = request.headers.authorization
  if (!header?.startsWith('Bearer ')) throw new Problem('unauthenticated')
  request.actor = identify(header.slice(7))
  next()
}

export const isStaff = (actor) => actor?.role === 'staff' || actor?.role === 'admin'
