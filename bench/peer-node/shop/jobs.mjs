// The process that does jobs: mails as .eml files, or counted where no folder is named.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Worker } from 'bullmq'
import { config } from './config.mjs'
import { client, orders, users } from './mongo.mjs'
import { NAME, RETENTION } from './queue.mjs'
import { connectForEver } from './redis.mjs'

const SHOP = 'shop@example.com'
const CONCURRENCY = 32

export async function runJobs() {
  await client.connect()
  let counted = 0
  const work = async (job) => {
    const order = await orders.findOne({ _id: job.data.orderId })
    if (!order) throw new Error(`there is no order ${job.data.orderId}`)
    const to = job.name === 'receipt' ? (await users.findOne({ _id: order.userId }))?.email : SHOP
    if (!to) return
    const mail = letter(job.name, to, order)
    if (config.mail) await writeFile(join(config.mail, `${job.id}.eml`), mail)
    else counted += 1
  }
  const worker = new Worker(NAME, work, { connection: connectForEver(), concurrency: CONCURRENCY, ...RETENTION })
  worker.on('error', (error) => console.error('jobs:', error.message))
  const stop = async () => {
    await worker.close()
    await client.close()
    if (!config.mail) console.log(`${counted} mails were counted`)
    process.exit(0)
  }
  process.once('SIGTERM', stop)
}

const amount = (minor) => `${(minor / 100).toFixed(2)} ${config.currency}`
const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)

function letter(name, to, order) {
  const subject = name === 'receipt' ? `Your order ${order.number}` : `New order ${order.number}`
  const rows = order.lines.map((line) => [`${line.title} ${line.variantTitle}`, line.quantity, amount(line.unitPrice * line.quantity)])
  const text = rows.map(([title, quantity, sum]) => `${quantity} x ${title}  ${sum}`).join('\r\n')
  const table = rows.map((row) => `<tr>${row.map((cell) => `<td>${escaped(String(cell))}</td>`).join('')}</tr>`).join('')
  const edge = `=_${order._id}`
  const part = (kind, body) => `--${edge}\r\nContent-Type: ${kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64(body)}\r\n`
  return [
    `Date: ${new Date().toUTCString()}`,
    `From: Peer <no-reply@example.com>`,
    `To: ${to}`,
    `Message-ID: <${name}-${order._id}@example.com>`,
    `Subject: ${subject}`,
    'MIME-Version: 1.0',
    `Content-Type: multipart/alternative; boundary="${edge}"`,
    '',
    part('text/plain', `${subject}\r\n\r\n${text}\r\n\r\nTotal ${amount(order.total)}\r\n`) +
      part('text/html', `<h1>${subject}</h1><table>${table}</table><p>Total ${amount(order.total)}</p>`) +
      `--${edge}--\r\n`,
  ].join('\r\n')
}

const base64 = (text) => Buffer.from(text).toString('base64').replace(/.{76}/g, '$&\r\n')
