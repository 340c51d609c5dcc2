/** The two doors to the server: `shopWindow` for what anybody may read, `client` for everything done as somebody. */
import createClient from 'openapi-fetch'
import { currentLocale } from '@/lib/locale'
import { Problem, problemFrom } from '@/lib/problem'
import type { paths } from './schema.gen'
import { freshToken, renewSession } from './session'

/** The catalogue is read without a token, so that any cache on the way may answer. */
export const shopWindow = createClient<paths>({ baseUrl: '', fetch: fetchLocalised })

export const client = createClient<paths>({ baseUrl: '', fetch: fetchAsUser })

function fetchLocalised(request: Request): Promise<Response> {
  request.headers.set('Accept-Language', currentLocale())
  return fetch(request)
}

async function fetchAsUser(request: Request): Promise<Response> {
  const again = request.clone()
  const response = await fetchLocalised(withToken(request, await freshToken()))
  if (response.status !== 401 || !(await isExpiry(response))) return response
  await renewSession()
  return fetchLocalised(withToken(again, await freshToken()))
}

function withToken(request: Request, token: string | null): Request {
  if (token !== null) request.headers.set('Authorization', `Bearer ${token}`)
  return request
}

/** Too old, or signed with a key that the server has since retired: a new one may be had for either. */
async function isExpiry(response: Response): Promise<boolean> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null)
  return ['token_expired', 'token_invalid'].includes(problemFrom(response.status, body).code)
}

interface Answer<T> {
  data?: T
  error?: unknown
  response: Response
}

/** The answer's data; anything else becomes a thrown `Problem`, a broken connection included. */
export async function dataOf<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await call.catch((cause: unknown) => {
    throw cause instanceof Problem ? cause : new Problem('network', 0)
  })
  if (!response.ok) throw problemFrom(response.status, error)
  return data as T
}
