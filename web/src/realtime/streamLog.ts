/**
 * The copy of a stream: a run of entries without a hole, with the effects of edits and deletions applied, so that it is
 * entry by entry what `GET /streams/{key}/entries` shows. Pure; it never asks for what it lacks.
 */
import { isRecord } from '../lib/storedJson'
import type { Entry } from './wire'

export interface StreamLog {
  /** Number of the entry before the first one held; 0 when all are held. */
  readonly before: number
  /** The highest number held; the same as `before` while nothing is. */
  readonly last: number
  readonly entries: readonly Entry[]
}

export const emptyLog = (before = 0): StreamLog => ({ before, last: before, entries: [] })

/** A log that begins with the last part of a stream. */
export const logOf = (entries: readonly Entry[], head: number): StreamLog =>
  append(emptyLog(entries[0] ? entries[0].seq - 1 : head), entries)

/** Takes what follows on the log; passes over what it has, and stops before a hole. */
export function append(log: StreamLog, incoming: readonly Entry[]): StreamLog {
  const entries = [...log.entries]
  let last = log.last
  for (const entry of incoming) {
    if (entry.seq <= last) continue
    if (entry.seq !== last + 1) break
    entries.push(entry)
    last = entry.seq
    applyEffect(entries, log.before, entry)
  }
  return last === log.last ? log : { before: log.before, last, entries }
}

/** Puts an earlier part before the log, when it ends where the log begins. */
export function prepend(log: StreamLog, earlier: readonly Entry[]): StreamLog {
  const fitting = earlier.filter((entry) => entry.seq <= log.before)
  const first = fitting[0]
  if (!first || fitting.some((entry, index) => entry.seq !== first.seq + index)) return log
  if (fitting.at(-1)?.seq !== log.before) return log
  const before = first.seq - 1
  const entries = [...fitting, ...log.entries]
  // The page may be older than effects that came in while it was on its way.
  for (const entry of log.entries) applyEffect(entries, before, entry)
  return { before, last: log.last, entries }
}

function applyEffect(entries: Entry[], before: number, cause: Entry): void {
  if ((cause.type !== 'edit' && cause.type !== 'delete') || !isRecord(cause.data)) return
  const { seq, text } = cause.data
  if (typeof seq !== 'number') return
  const index = seq - before - 1
  const target = entries[index]
  if (target && cause.type === 'edit' && target.type === 'message' && target.data !== null) {
    entries[index] = { ...target, data: { text, edited: true } }
  }
  if (cause.type === 'delete') emptyMessage(entries, before, seq, cause.seq)
}

/** The message goes, and with it what earlier edits made it say. */
function emptyMessage(entries: Entry[], before: number, seq: number, until: number): void {
  const from = Math.max(seq - before - 1, 0)
  for (let index = from; index < until - before - 1; index++) {
    const entry = entries[index]
    if (!entry) continue
    const isEditOfIt = entry.type === 'edit' && isRecord(entry.data) && entry.data['seq'] === seq
    if (entry.seq === seq || isEditOfIt) entries[index] = { ...entry, data: null }
  }
}
