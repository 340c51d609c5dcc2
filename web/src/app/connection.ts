/** Whether the shop was heard from last time anything was asked of it. */
import { useSyncExternalStore } from 'react'

let isHeard = true
const listeners = new Set<() => void>()

function set(next: boolean): void {
  if (next === isHeard) return
  isHeard = next
  for (const listener of listeners) listener()
}

export const reportAnswer = (): void => set(true)

export const reportSilence = (): void => set(false)

function subscribe(listener: () => void): () => void {
  const away = () => set(false)
  listeners.add(listener)
  window.addEventListener('offline', away)
  return () => {
    listeners.delete(listener)
    window.removeEventListener('offline', away)
  }
}

export const useIsHeard = (): boolean => useSyncExternalStore(subscribe, () => isHeard)
