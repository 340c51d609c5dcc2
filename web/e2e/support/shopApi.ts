/** The shop as its API shows it: what tests compare the pages with, and how they prepare the shelves. */
import type { Order, Product, Variant } from '../../src/api/types'
import type { Language } from './texts'

export interface Account {
  email: string
  password: string
}

const demoPassword = 'demo-souk-2026'
export const staff: Account = { email: 'staff@demo.souk', password: demoPassword }
export const admin: Account = { email: 'admin@demo.souk', password: demoPassword }
export const customer: Account = { email: 'customer@demo.souk', password: demoPassword }

export const shopUrl = (): string => {
  const url = process.env['SOUK_URL']
  if (!url) throw new Error('the shop is not running')
  return url
}

interface Call {
  method?: string
  token?: string
  language?: Language
  body?: unknown
}

async function call<T>(path: string, { method = 'GET', token, language = 'en', body }: Call = {}): Promise<T> {
  const response = await fetch(`${shopUrl()}/api/v1${path}`, {
    method,
    headers: {
      'Accept-Language': language,
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

export async function tokenOf(account: Account): Promise<string> {
  const { accessToken } = await call<{ accessToken: string }>('/auth/login', { method: 'POST', body: account })
  return accessToken
}

export const products = async (language: Language, token?: string): Promise<Product[]> =>
  (await call<{ items: Product[] }>('/products?limit=100', { language, token })).items

export const ordersOf = async (account: Account): Promise<Order[]> =>
  (await call<{ items: Order[] }>('/orders', { token: await tokenOf(account) })).items

/** As staff see them: found by e-mail, which is the only way to a guest's. */
export const ordersByEmail = async (email: string): Promise<Order[]> =>
  (await call<{ items: Order[] }>(`/admin/orders?q=${encodeURIComponent(email)}`, { token: await tokenOf(staff) }))
    .items

export interface Pick {
  product: Product
  variant: Variant
}

/** A product of one kind only, so that no choice stands between its page and the cart. */
export async function pickSimple(language: Language, atLeast: number): Promise<Pick> {
  for (const product of await products(language, await tokenOf(staff))) {
    const [variant] = product.variants
    const isSimple = product.variants.length === 1 && product.status === 'published'
    if (isSimple && variant?.inventory === 'tracked' && (variant.stock ?? 0) >= atLeast) return { product, variant }
  }
  throw new Error(`the demo shop has no product of one kind with ${atLeast} in stock`)
}

/** Leaves exactly `stock` of a variant on the shelf. */
export async function setStock(variantId: string, stock: number): Promise<void> {
  const token = await tokenOf(admin)
  const variants = (await products('en', token)).flatMap((product) => product.variants)
  const delta = stock - (variants.find((variant) => variant.id === variantId)?.stock ?? 0)
  if (delta === 0) return
  await call(`/variants/${variantId}/stock`, { method: 'POST', token, body: { delta, reason: 'stocktaking' } })
}
