// Fills an empty database: an admin, products whose variants have stock, buyers. Says what it made as JSON.
//   node seed.mjs [--products 10] [--variants 100] [--stock 100000000] [--users 0]
import { parseArgs } from 'node:util'
import { hash } from '@node-rs/argon2'
import { ARGON, newUser } from './shop/accounts.mjs'
import { closeCache } from './shop/cache.mjs'
import { client, prepare, users } from './shop/mongo.mjs'
import { addProducts } from './shop/products.mjs'
import { sign } from './shop/tokens.mjs'

const { values } = parseArgs({
  options: {
    products: { type: 'string', default: '10' },
    variants: { type: 'string', default: '100' },
    stock: { type: 'string', default: '100000000' },
    users: { type: 'string', default: '0' },
  },
})
const [products, variants, stock, count] = [values.products, values.variants, values.stock, values.users].map(Number)

await prepare()
const passwordHash = await hash('correct horse battery', ARGON)
const people = [newUser({ email: 'admin@example.com', name: 'Admin', role: 'admin', account: true, passwordHash })]
for (let number = 0; number < count; number += 1) {
  people.push(newUser({ email: `buyer${number}@example.com`, name: 'Sara Ali', role: 'customer', account: true, passwordHash }))
}
await users.insertMany(people)

const lamp = (title, models) => ({
  title,
  descriptionHtml: '<p>A lamp of brass and coloured glass, made by hand. Gives a warm light.</p>',
  translations: { ar: { title: `مصباح ${title}` } },
  status: 'published',
  options: ['Model'],
  category: 'Lamps',
  tags: ['light'],
  variants: Array.from({ length: models }, (_, place) => ({
    sku: `LAMP-${place + 1}`,
    options: [`Model ${place + 1}`],
    price: { amount: 12_500, currency: 'SAR' },
    inventory: 'tracked',
    stock,
  })),
})
const bodies = [lamp("Everybody's lamp", 1)]
for (let number = 1; number <= products; number += 1) bodies.push(lamp(`Lamp ${number}`, variants))
const made = []
// A transaction takes a bounded number of documents.
for (let start = 0; start < bodies.length; start += 20) made.push(...(await addProducts(bodies.slice(start, start + 20))))

const ids = made.map((product) => product.variants.map((variant) => variant.id))
console.log(
  JSON.stringify({
    hot: ids[0][0],
    spread: ids.slice(1).flat(),
    products: made.map(({ handle }) => handle),
    admin: sign(people[0]).accessToken,
    buyers: people.slice(1).map((user) => sign(user).accessToken),
  }),
)
await closeCache()
await client.close()
