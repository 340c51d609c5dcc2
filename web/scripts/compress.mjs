// Writes a .br and a .gz beside every file of dist/ that gets smaller by it, so that the server sends ready-made bytes.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const compressible = new Set(['.html', '.js', '.css', '.svg', '.json', '.txt', '.webmanifest', '.map'])
const smallest = 512

const brotli = promisify(brotliCompress)
const gzipped = promisify(gzip)

async function compress(path) {
  const bytes = await readFile(path)
  if (bytes.length < smallest) return
  const encodings = [
    ['br', await brotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } })],
    ['gz', await gzipped(bytes, { level: constants.Z_BEST_COMPRESSION })],
  ]
  for (const [suffix, packed] of encodings) {
    if (packed.length < bytes.length) await writeFile(`${path}.${suffix}`, packed)
  }
}

const root = new URL('../dist/', import.meta.url).pathname
const entries = await readdir(root, { recursive: true, withFileTypes: true })
const files = entries
  .filter((entry) => entry.isFile() && compressible.has(extname(entry.name)))
  .map((entry) => join(entry.parentPath, entry.name))
await Promise.all(files.map(compress))
console.log(`compressed ${files.length} files`)
