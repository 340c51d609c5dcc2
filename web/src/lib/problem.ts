import { isRecord } from './storedJson'
import type { Money } from './money'

export interface FieldProblem {
  path: string
  code: string
  detail: string
}

export interface LineShortage {
  variantId: string
  requested: number
  left: number
}

/** What went wrong, in the server's words (RFC 9457), or `network` when no answer came at all. */
export class Problem extends Error {
  readonly code: string
  readonly status: number
  readonly detail: string | null
  readonly fields: FieldProblem[]
  readonly lines: LineShortage[]
  readonly total: Money | null
  readonly requestId: string | null

  constructor(code: string, status: number, body: Record<string, unknown> = {}) {
    super(`${status} ${code}`)
    this.name = 'Problem'
    this.code = code
    this.status = status
    this.detail = typeof body['detail'] === 'string' ? body['detail'] : null
    this.requestId = typeof body['requestId'] === 'string' ? body['requestId'] : null
    this.fields = (Array.isArray(body['errors']) ? body['errors'] : []).filter(isRecord).map(toField)
    this.lines = (Array.isArray(body['lines']) ? body['lines'] : []).filter(isShortage)
    this.total = isMoney(body['total']) ? body['total'] : null
  }

  /** True when asking again, unchanged, may well succeed: nobody answered, or the server was only busy. */
  get isPassing(): boolean {
    return (
      this.code === 'network' ||
      this.code === 'request_in_progress' ||
      this.status === 408 ||
      this.status === 429 ||
      this.status >= 500
    )
  }

  /** The problem of one form field; `path` is written with dots, as in `address.phone`. */
  fieldAt(path: string): FieldProblem | undefined {
    return this.fields.find((field) => field.path === path)
  }
}

export function problemFrom(status: number, body: unknown): Problem {
  const record = isRecord(body) ? body : {}
  const code = typeof record['code'] === 'string' ? record['code'] : status >= 500 ? 'unavailable' : 'internal'
  return new Problem(code, status, record)
}

export const asProblem = (error: unknown): Problem => (error instanceof Problem ? error : new Problem('internal', 0))

function toField(field: Record<string, unknown>): FieldProblem {
  const path = String(field['path'] ?? '')
    .replace(/^[/.]/, '')
    .replaceAll('/', '.')
  return { path, code: String(field['code'] ?? ''), detail: String(field['detail'] ?? '') }
}

const isShortage = (line: unknown): line is LineShortage =>
  isRecord(line) && typeof line['variantId'] === 'string' && typeof line['left'] === 'number'

const isMoney = (value: unknown): value is Money =>
  isRecord(value) && typeof value['amount'] === 'number' && typeof value['currency'] === 'string'
