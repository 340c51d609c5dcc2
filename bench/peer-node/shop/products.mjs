// The catalogue: looking at it, through the cache, and adding to it.
import { Router } from 'express'
import { cached, drop } from './cache.mjs'
import { config } from './config.mjs'
import { uuidv7 } from './ids.mjs'
import { client, isDuplicate, products, stock, variants } from './mongo.mjs'
import { Problem } from './problem.mjs'
import * as schemas from './schemas.mjs'
import { isStaff, signedIn } from './tokens.mjs'

export const catalog = Router()

const localeOf = (request) => (request.headers['accept-language']?.startsWith('ar') ? 'ar' : 'en')

catalog.get('/products', async (request, response) => {
  const limit = Math.min(Math.max(Number(request.query.limit) || 24, 1), 100)
  const { category, cursor } = request.query
  const locale = localeOf(request)
  const make = async () => {
    const filter = { status: 'published' }
    if (category) filter.category = String(category)
    if (cursor) filter._id = { $lt: String(cursor) }
    const found = await products.find(filter).sort({ _id: -1 }).limit(limit + 1).toArray()
    const items = found.slice(0, limit)
    return { items: await views(items, locale), nextCursor: found.length > limit ? items.at(-1)._id : null }
  }
  const found = cached(`list:${locale}:${limit}:${JSON.stringify([category, cursor])}`, make)
  send(request, response, found instanceof Promise ? await found : found)
})

catalog.get('/products/:which', async (request, response) => {
  const { which } = request.params
  const locale = localeOf(request)
  const make = async () => {
    const field = /^[0-9a-f-]{36}$/i.test(which) ? '_id' : 'handle'
    const found = await products.findOne({ [field]: which, status: 'published' })
    return found && (await views([found], locale))[0]
  }
  const found = cached(`one:${locale}:${which}`, make)
  send(request, response, found instanceof Promise ? await found : found)
})

function send(request, response, found) {
  if (!found) throw new Problem('not_found')
  response.setHeader('ETag', found.tag)
  response.setHeader('Cache-Control', 'public, max-age=0, stale-while-revalidate=5')
  response.setHeader('Vary', 'Accept-Language, Authorization')
  const asked = request.headers['if-none-match']
  if (asked && asked.split(',').some((tag) => tag.trim().replace(/^W\//, '') === found.tag)) {
    response.statusCode = 304
    response.end()
    return
  }
  response.setHeader('Content-Type', 'application/json')
  response.setHeader('Content-Length', found.body.length)
  response.end(found.body)
}

async function views(found, locale) {
  const ids = found.flatMap((product) => product.variants.map((variant) => variant.id))
  const counts = new Map((await stock.find({ _id: { $in: ids } }).toArray()).map(({ _id, onHand }) => [_id, onHand]))
  return found.map(({ _id, translations, variants: sold, ...product }) => ({
    id: _id,
    ...product,
    title: translations[locale]?.title ?? product.title,
    translations,
    variants: sold.map((variant) => ({
      ...variant,
      available: variant.inventory !== 'tracked' || (counts.get(variant.id) ?? 0) > 0,
    })),
  }))
}

catalog.post('/products', signedIn, async (request, response) => {
  if (!isStaff(request.actor)) throw new Problem('forbidden')
  const [view] = await addProducts([schemas.checked(schemas.product, request.body)])
  response.status(201).json(view)
})

/** Adds products with their variants and stock, all or none. */
export async function addProducts(bodies) {
  const rows = bodies.map(rowsOf)
  const write = async (session) => {
    await products.insertMany(rows.map(({ product }) => product), { session })
    await variants.insertMany(rows.flatMap(({ sold }) => sold), { session })
    await stock.insertMany(rows.flatMap(({ counts }) => counts), { session })
  }
  try {
    await client.withSession((session) => session.withTransaction(() => write(session)))
  } catch (error) {
    throw isDuplicate(error) ? new Problem('handle_taken') : error
  }
  await drop()
  return views(rows.map(({ product }) => product), 'en')
}

function rowsOf(body) {
  const now = new Date()
  const id = uuidv7()
  const handle = body.handle ?? body.title.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')
  const shown = body.variants.map(({ stock: _, ...variant }) => {
    const { sku = '', options, price, inventory = 'tracked' } = variant
    return { id: uuidv7(), sku, title: options.join(' / '), options, price: { ...price, currency: config.currency }, inventory }
  })
  const product = {
    _id: id,
    handle,
    title: body.title,
    descriptionHtml: body.descriptionHtml ?? '',
    translations: body.translations ?? {},
    status: body.status ?? 'draft',
    options: (body.options ?? []).map((name, place) => ({ name, values: [...new Set(shown.map((variant) => variant.options[place]))] })),
    variants: shown,
    images: body.images ?? [],
    tags: body.tags ?? [],
    category: body.category ?? null,
    vendor: null,
    createdAt: now,
    updatedAt: now,
  }
  const sold = shown.map((variant) => ({
    _id: variant.id,
    productId: id,
    handle,
    title: body.title,
    variantTitle: variant.title,
    sku: variant.sku,
    price: variant.price.amount,
    inventory: variant.inventory,
    status: product.status,
  }))
  const counts = shown.map((variant, place) => ({ _id: variant.id, onHand: body.variants[place].stock ?? 0 }))
  return { product, sold, counts }
}
