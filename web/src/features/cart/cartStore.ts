/** Keeps the cart in this browser, the same in all its tabs. */
import { useSyncExternalStore } from 'react'
import { readStored, writeStored } from '@/lib/storedJson'
import { isCart, type Cart } from './cart'

const storageKey = 'souk.cart'

let cart: Cart = readStored(localStorage, storageKey, isCart) ?? []
const listeners = new Set<() => void>()

export function changeCart(change: (cart: Cart) => Cart): void {
  const next = change(cart)
  if (next === cart) return
  cart = next
  writeStored(localStorage, storageKey, cart)
  tellListeners()
}

export const emptyCart = (): void => changeCart(() => [])

export const useCart = (): Cart => useSyncExternalStore(subscribe, () => cart)

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) window.addEventListener('storage', followOtherTabs)
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) window.removeEventListener('storage', followOtherTabs)
  }
}

function followOtherTabs(event: StorageEvent): void {
  if (event.key !== storageKey) return
  cart = readStored(localStorage, storageKey, isCart) ?? []
  tellListeners()
}

function tellListeners(): void {
  for (const listener of listeners) listener()
}
