// What requests must look like: compiled once, by Ajv.
import { Ajv } from 'ajv'
import { Problem } from './problem.mjs'

const ajv = new Ajv({ allErrors: false })

const uuid = { type: 'string', pattern: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' }
const line = (maxLength) => ({ type: 'string', minLength: 1, maxLength })
const optional = (maxLength) => ({ type: 'string', maxLength, nullable: true })
const money = object({ amount: { type: 'integer' }, currency: { type: 'string', pattern: '^[A-Z]{3}$' } })
const email = { type: 'string', maxLength: 254, pattern: '^[^@\\s]+@[^@\\s]+$' }
const locale = { enum: ['ar', 'en'] }

function object(required, more = {}) {
  return { type: 'object', properties: { ...required, ...more }, required: Object.keys(required), additionalProperties: false }
}

const address = object(
  { name: line(100), phone: { type: 'string', pattern: '^[-+() .0-9]{5,32}$' }, line1: line(200), city: line(100), country: { type: 'string', pattern: '^[A-Za-z]{2}$' } },
  { line2: optional(200), region: optional(100), postalCode: optional(20) },
)

export const order = ajv.compile(
  object(
    { lines: { type: 'array', minItems: 1, maxItems: 1_000, items: object({ variantId: uuid, quantity: { type: 'integer', minimum: 1, maximum: 10_000 } }) } },
    { expectedTotal: money, address, note: optional(1_000), payment: object({ method: { enum: ['cod', 'transfer'] } }) },
  ),
)

export const registration = ajv.compile(
  object({ email, password: { type: 'string', minLength: 10, maxLength: 200 }, name: line(100) }, { locale }),
)
export const signIn = ajv.compile(object({ email, password: { type: 'string', maxLength: 1_000 } }))
export const guest = ajv.compile(object({}, { name: { type: 'string', maxLength: 100 }, email, locale }))

export const product = ajv.compile(
  object(
    {
      title: line(200),
      variants: {
        type: 'array',
        minItems: 1,
        maxItems: 100,
        items: object(
          { options: { type: 'array', items: line(100), maxItems: 3 }, price: money },
          { sku: { type: 'string', maxLength: 100 }, inventory: { enum: ['tracked', 'untracked', 'backorder'] }, stock: { type: 'integer', minimum: 0 } },
        ),
      },
    },
    {
      handle: { type: 'string', pattern: '^[a-z0-9-]{1,100}$' },
      descriptionHtml: { type: 'string', maxLength: 20_000 },
      translations: { type: 'object' },
      status: { enum: ['draft', 'published'] },
      options: { type: 'array', items: line(100), maxItems: 3 },
      category: optional(100),
      tags: { type: 'array', items: line(100), maxItems: 100 },
      images: { type: 'array', maxItems: 50, items: object({ url: line(2_000) }, { alt: { type: 'string' } }) },
    },
  ),
)

const stream = { type: 'string', pattern: '^(store|(order|support|notes|user|campaign):[0-9a-f-]{36})$' }
export const subscribe = ajv.compile(object({ stream }, { after: { type: 'integer', minimum: 0 } }))
export const unsubscribe = ajv.compile(object({ stream }))
export const post = ajv.compile(object({ stream, id: uuid, type: { const: 'message' }, data: object({ text: line(4_000) }) }))

/** The same value, or the problem `invalid_input` that says where it is wrong. */
export function checked(validate, value) {
  if (validate(value)) return value
  const errors = validate.errors.map(({ instancePath, params, keyword, message }) => {
    const field = params.missingProperty ?? params.additionalProperty
    const path = `${instancePath}${field ? `/${field}` : ''}`.slice(1).replace(/\/(\d+)/g, '[$1]').replaceAll('/', '.')
    return { path, code: keyword, detail: message }
  })
  throw new Problem('invalid_input', { errors })
}
