// Tells the linter which file an import means, so that it can see which layer that file is in:
// `@/…` stands for src/, and an import names a file without its ending, or a folder with an index.
const { existsSync, statSync } = require('node:fs')
const { dirname, join, resolve } = require('node:path')

const sources = join(__dirname, '../src')
const endings = ['', '.ts', '.tsx', '/index.ts']

const isFile = (path) => existsSync(path) && statSync(path).isFile()

exports.interfaceVersion = 2

exports.resolve = (source, importer) => {
  const isOurs = source.startsWith('@/') || source.startsWith('.')
  if (!isOurs) return { found: false }
  const base = source.startsWith('@/') ? join(sources, source.slice(2)) : resolve(dirname(importer), source)
  const path = endings.map((ending) => base + ending).find(isFile)
  return path ? { found: true, path } : { found: false }
}
