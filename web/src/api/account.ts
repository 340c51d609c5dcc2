import type { Locale } from '@/lib/locale'
import { asProblem } from '@/lib/problem'
import { client, dataOf } from './client'
import { acceptSession, dropSession, updateSessionUser } from './session'

export interface NewAccount {
  email: string
  password: string
  name: string
}

/** A guest who registers stays the same user, so the orders made before are kept. */
export const register = async (account: NewAccount, locale: Locale) =>
  acceptSession(await dataOf(client.POST('/api/v1/auth/register', { body: { ...account, locale } })))

export const signIn = async (credentials: { email: string; password: string }) =>
  acceptSession(await dataOf(client.POST('/api/v1/auth/login', { body: credentials })))

export const becomeGuest = async (guest: { name?: string; email?: string }, locale: Locale) =>
  acceptSession(await dataOf(client.POST('/api/v1/auth/guest', { body: { ...guest, locale } })))

export const setUpShop = async (admin: NewAccount & { code: string }) =>
  acceptSession(await dataOf(client.POST('/api/v1/setup', { body: admin })))

export async function signOut(): Promise<void> {
  await dataOf(client.POST('/api/v1/auth/logout')).catch((cause: unknown) => {
    // A session that the server has ended already is what was asked for.
    if (asProblem(cause).status !== 401) throw cause
  })
  dropSession()
}

export const askPasswordReset = (email: string) =>
  dataOf(client.POST('/api/v1/auth/password/forgot', { body: { email } }))

export const resetPassword = (token: string, password: string) =>
  dataOf(client.POST('/api/v1/auth/password/reset', { body: { token, password } }))

export const verifyEmail = (token: string) => dataOf(client.POST('/api/v1/auth/email/verify', { body: { token } }))

export const resendVerification = () => dataOf(client.POST('/api/v1/auth/email/resend'))

export const refreshProfile = async () => updateSessionUser(await dataOf(client.GET('/api/v1/me')))

export const changeProfile = async (change: { name?: string; locale?: Locale }) =>
  updateSessionUser(await dataOf(client.PATCH('/api/v1/me', { body: change })))

export const changePassword = (currentPassword: string, newPassword: string) =>
  dataOf(client.POST('/api/v1/me/password', { body: { currentPassword, newPassword } }))

export const listSessions = (signal: AbortSignal) => dataOf(client.GET('/api/v1/me/sessions', { signal }))

export const endSession = (id: string) =>
  dataOf(client.DELETE('/api/v1/me/sessions/{id}', { params: { path: { id } } }))

export const endOtherSessions = () => dataOf(client.DELETE('/api/v1/me/sessions'))
