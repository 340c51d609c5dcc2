import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const startWithinMs = 120_000

function binary(): string {
  const target = join(import.meta.dirname, '../../../target')
  const candidates = [process.env['SOUK_BIN'], join(target, 'release/souk'), join(target, 'debug/souk')]
  const found = candidates.find((path) => path && existsSync(path))
  if (!found)
    throw new Error(
      `no souk binary: build one, or name it in SOUK_BIN (looked at ${candidates.filter(Boolean).join(', ')})`,
    )
  return found
}

/** What serves the shop: one process on a folder, or a whole fleet behind nginx (`SOUK_FLEET_BIN`). */
function start(data: string): ChildProcess {
  const fleet = process.env['SOUK_FLEET_BIN']
  const [program, ...options] = fleet
    ? [fleet, binary(), data, '0']
    : [binary(), 'serve', '--demo', '--listen', '127.0.0.1:0', '--data-dir', data]
  return spawn(program, options, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, SOUK_RATE_LIMITS: 'off', RUST_LOG: process.env['RUST_LOG'] ?? 'warn' },
  })
}

/** The address that is printed once the shop is served. */
function address(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = ''
    const timer = setTimeout(() => reject(new Error(`souk did not start:\n${printed}`)), startWithinMs)
    server.once('exit', (code) => reject(new Error(`souk ended with ${code}:\n${printed}`)))
    server.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
      const url = /(?:listening on|the shop:) (http:\/\/\S+)/.exec(printed)?.[1]
      if (url === undefined) return
      clearTimeout(timer)
      resolve(url)
    })
  })
}

/** One demo shop on data of its own for the whole run, gone afterwards. */
export default async function startShop(): Promise<() => Promise<void>> {
  const data = await mkdtemp(join(tmpdir(), 'souk-e2e-'))
  const server = start(data)
  process.env['SOUK_URL'] = await address(server)
  process.env['SOUK_MAIL_FOLDER'] = join(data, 'mail')
  return async () => {
    const ended = new Promise((resolve) => server.once('exit', resolve))
    server.kill('SIGTERM')
    await ended
    await rm(data, { recursive: true, force: true })
  }
}
