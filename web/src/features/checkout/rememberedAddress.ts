import type { Address } from '@/api/types'
import { isRecord, readStored, writeStored } from '@/lib/storedJson'

const storageKey = 'souk.address'

const isAddress = (value: unknown): value is Address =>
  isRecord(value) && ['name', 'phone', 'line1', 'city', 'country'].every((key) => typeof value[key] === 'string')

/** The address of the last order made in this browser. */
export const rememberedAddress = (): Address | null => readStored(localStorage, storageKey, isAddress)

/** For those who sign out of a device that others use too. */
export const forgetAddress = (): void => localStorage.removeItem(storageKey)

export const rememberAddress = (address: Address): void => writeStored(localStorage, storageKey, address)
