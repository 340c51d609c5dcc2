import { expect } from '@playwright/test'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Language } from './texts'

export interface Mail {
  to: string
  subject: string
  language: string | undefined
}

function header(source: string, name: string): string | undefined {
  const head = (source.split(/\r?\n\r?\n/, 1)[0] ?? '').replace(/\r?\n[ \t]+/g, ' ')
  return new RegExp(`^${name}:[ \\t]*(.*)$`, 'im').exec(head)?.[1]?.trim()
}

/** RFC 2047: each encoded word by itself, the white space between two of them dropped. */
function decodeWords(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, kind: string, word: string) =>
      kind.toLowerCase() === 'b'
        ? Buffer.from(word, 'base64').toString()
        : decodeURIComponent(
            word
              .replaceAll('_', ' ')
              .replace(/%/g, '%25')
              .replace(/=([0-9A-F]{2})/gi, '%$1'),
          ),
    )
}

async function mailsOf(orderId: string): Promise<Mail[]> {
  const folder = process.env['SOUK_MAIL_FOLDER'] ?? ''
  const files = await readdir(folder, { recursive: true }).catch(() => [])
  const sources = await Promise.all(
    files.filter((file) => file.endsWith('.eml')).map((file) => readFile(join(folder, file), 'utf8')),
  )
  return sources
    .filter((source) => header(source, 'X-Souk-Order-Id') === orderId)
    .map((source) => ({
      to: header(source, 'To') ?? '',
      subject: decodeWords(header(source, 'Subject') ?? ''),
      language: header(source, 'Content-Language'),
    }))
}

const isArabic = (text: string) => /\p{Script=Arabic}/u.test(text)

/** The buyer's receipt arrives once, soon, and in the buyer's language. */
export async function expectReceipt(orderId: string, email: string, language: Language): Promise<void> {
  const receipts = async () => (await mailsOf(orderId)).filter((mail) => mail.to.includes(email))
  await expect.poll(async () => (await receipts()).length, { timeout: 15_000 }).toBe(1)
  const [receipt] = await receipts()
  if (receipt?.language) expect(receipt.language).toContain(language)
  expect(isArabic(receipt?.subject ?? '')).toBe(language === 'ar')
}
