/** Reads what was kept before; anything missing, broken or of another shape is as good as nothing. */
export function readStored<T>(storage: Storage, key: string, isValid: (value: unknown) => value is T): T | null {
  try {
    const text = storage.getItem(key)
    if (text === null) return null
    const value: unknown = JSON.parse(text)
    return isValid(value) ? value : null
  } catch {
    return null
  }
}

/** A full or forbidden storage must not stop a purchase, so a failed write is only forgotten on reload. */
export function writeStored(storage: Storage, key: string, value: unknown): void {
  try {
    storage.setItem(key, JSON.stringify(value))
  } catch (cause) {
    console.error('could not keep', key, cause)
  }
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
