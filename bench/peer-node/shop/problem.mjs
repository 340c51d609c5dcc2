// What went wrong, as `application/problem+json` (RFC 9457) with the contract's codes.
import { randomUUID } from 'node:crypto'

const TITLES = {
  bad_json: [400, 'The body is no JSON'],
  idempotency_key_missing: [400, 'Idempotency-Key is missing'],
  unauthenticated: [401, 'Sign in first'],
  token_expired: [401, 'The access token is too old'],
  token_invalid: [401, 'The access token is not valid'],
  bad_credentials: [401, 'Wrong address or password'],
  forbidden: [403, 'Not allowed'],
  not_found: [404, 'Not found'],
  email_taken: [409, 'The address has an account'],
  handle_taken: [409, 'The handle is taken'],
  out_of_stock: [409, 'Not enough left'],
  price_changed: [409, 'The price changed'],
  body_too_large: [413, 'The body is too large'],
  invalid_input: [422, 'Some fields cannot be taken'],
  idempotency_key_reused: [422, 'Idempotency-Key was used before'],
  variant_unknown: [422, 'Not sold here'],
  internal: [500, 'Something went wrong'],
  unavailable: [503, 'Not available right now'],
  busy: [503, 'Too many orders wait'],
}

export class Problem extends Error {
  constructor(code, more = {}) {
    super(code)
    this.code = code
    this.more = more
  }
}

/** Which problem an error is: those of the parser and of the database have their own. */
function problemOf(error) {
  if (error instanceof Problem) return error
  if (error.type === 'entity.parse.failed') return new Problem('bad_json')
  if (error.type === 'entity.too.large') return new Problem('body_too_large')
  if (error.name === 'MongoServerSelectionError' || error.name?.startsWith('MongoNetwork')) return new Problem('unavailable')
  console.error(error)
  return new Problem('internal')
}

// Express knows a handler of errors by its four parameters.
export function answerProblem(error, _request, response, _next) {
  const { code, more } = problemOf(error)
  const [status, title] = TITLES[code]
  if (status === 503) response.set('Retry-After', '1')
  response.status(status).type('application/problem+json')
  const problem = { type: `urn:souk:problem:${code}`, title, status, code, detail: title, ...more, requestId: randomUUID() }
  response.end(JSON.stringify(problem))
}
