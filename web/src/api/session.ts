/**
 * Who is signed in. Owns the access token, which lives in memory only; the refresh token is a cookie that scripts
 * cannot read. Never holds anything else about the user than what the server last said.
 */
import { useSyncExternalStore } from 'react'
import { problemFrom } from '@/lib/problem'
import { currentLocale } from '@/lib/locale'
import type { AuthResponse, User } from './types'

export interface SessionState {
  /** `starting` until the first try to take up an earlier session has ended. */
  status: 'starting' | 'signedOut' | 'signedIn'
  user: User | null
}

/** Set while this browser has a session, so that a stranger's visit asks for none. */
const markKey = 'souk.session'
/** A token this close to its end is renewed before it is used. */
const renewBeforeMs = 15_000

let state: SessionState = { status: localStorage.getItem(markKey) ? 'starting' : 'signedOut', user: null }
let token: { value: string; endsAt: number } | null = null
let renewal: Promise<void> | null = null
const listeners = new Set<() => void>()

function publish(next: SessionState): void {
  state = next
  for (const listener of listeners) listener()
}

export function acceptSession(answer: AuthResponse): User {
  token = { value: answer.accessToken, endsAt: Date.now() + answer.expiresIn * 1000 }
  localStorage.setItem(markKey, answer.user.id)
  publish({ status: 'signedIn', user: answer.user })
  return answer.user
}

export function dropSession(): void {
  token = null
  localStorage.removeItem(markKey)
  publish({ status: 'signedOut', user: null })
}

export const updateSessionUser = (user: User): void => publish({ status: 'signedIn', user })

export const sessionUser = (): User | null => state.user

/** The token to send now, renewed first when it is about to end; null for a stranger. */
export const freshToken = async (): Promise<string | null> => (await tokenFor(renewBeforeMs))?.value ?? null

/** A token that is good for at least so long, as far as the server makes them so long. */
export async function tokenFor(minLifeMs: number): Promise<{ value: string; endsAt: number } | null> {
  const isFresh = token !== null && token.endsAt - Date.now() > minLifeMs
  if (!isFresh && localStorage.getItem(markKey) !== null) await renewSession()
  return token
}

/** One renewal at a time, here and across this browser's tabs, since each one replaces the cookie. */
export function renewSession(): Promise<void> {
  renewal ??= inTurn(askForToken).finally(() => {
    renewal = null
  })
  return renewal
}

async function inTurn(work: () => Promise<void>): Promise<void> {
  if ('locks' in navigator) await navigator.locks.request('souk.session.renewal', work)
  else await work()
}

async function askForToken(): Promise<void> {
  const response = await fetch('/api/v1/auth/refresh', {
    method: 'POST',
    headers: { 'Accept-Language': currentLocale() },
  })
  if (response.ok) acceptSession((await response.json()) as AuthResponse)
  else if (response.status === 401) dropSession()
  else throw problemFrom(response.status, await response.json().catch(() => null))
}

/** Takes up the session of an earlier visit, and follows sign-ins and sign-outs made in other tabs. */
export async function startSession(): Promise<void> {
  window.addEventListener('storage', followOtherTabs)
  if (state.status !== 'starting') return
  try {
    await renewSession()
  } catch {
    // The server is away: the mark stays, so the next request tries again.
    publish({ status: 'signedOut', user: null })
  }
}

function followOtherTabs(event: StorageEvent): void {
  if (event.key !== markKey) return
  if (event.newValue === null) dropSession()
  else if (event.newValue !== state.user?.id) {
    token = null
    void renewSession().catch(() => undefined)
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Calls back with who it is, now and at every change; not while that is still being found out. */
export function onSessionUser(listener: (user: User | null) => void): () => void {
  const tell = () => state.status !== 'starting' && listener(state.user)
  tell()
  return subscribe(tell)
}

/** Calls back whenever the browser changes hands; a guest who becomes a customer stays the same user. */
export function onUserChange(listener: () => void): void {
  // Undefined until the session of an earlier visit is taken up, which changes nothing.
  let known = state.status === 'starting' ? undefined : (state.user?.id ?? null)
  subscribe(() => {
    const previous = known
    known = state.user?.id ?? null
    if (previous !== undefined && previous !== known) listener()
  })
}

export const useSession = (): SessionState => useSyncExternalStore(subscribe, () => state)
