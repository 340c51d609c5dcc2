import { expect, type Page } from '@playwright/test'
import type { Account, Pick } from './shopApi'
import type { Language } from './texts'

type Say = (key: string) => string

export const newAccount = (language: Language): Account => ({
  email: `buyer-${language}-${Date.now()}@example.com`,
  password: 'a-good-long-password',
})

export async function addToCart(page: Page, say: Say, { product }: Pick): Promise<void> {
  await page.goto(`/p/${product.handle}`)
  await page.getByRole('button', { name: say('product.addToCart') }).click()
  await expect(page.getByRole('button', { name: say('cart.view') })).toBeVisible()
}

export async function signUp(page: Page, say: Say, account: Account, name: string): Promise<void> {
  await page.getByLabel(say('account.name'), { exact: true }).fill(name)
  await page.getByLabel(say('account.email')).fill(account.email)
  await page.getByLabel(say('account.password'), { exact: true }).fill(account.password)
  await page
    .getByRole('main')
    .getByRole('button', { name: say('account.signUp') })
    .click()
}

export async function signIn(page: Page, say: Say, account: Account, to: string): Promise<void> {
  await page.goto(`/sign-in?to=${encodeURIComponent(to)}`)
  await page.getByLabel(say('account.email')).fill(account.email)
  await page.getByLabel(say('account.password'), { exact: true }).fill(account.password)
  await page
    .getByRole('main')
    .getByRole('button', { name: say('account.signIn') })
    .click()
  await page.waitForURL(`**${to}`)
}

export async function fillAddress(page: Page, say: Say): Promise<void> {
  await page.getByLabel(say('address.name'), { exact: true }).fill('سارة علي')
  await page.getByLabel(say('address.phone')).fill('+966 50 123 4567')
  await page.getByLabel(say('address.line1')).fill('شارع العليا 12')
  await page.getByLabel(say('address.city')).fill('الرياض')
}

export const buyButton = (page: Page, sayStart: Say) => page.getByRole('button', { name: sayStart('checkout.buy') })

/** The id of the order whose page is open. */
export async function openedOrder(page: Page): Promise<string> {
  await page.waitForURL(/\/orders\/[^/]+$/)
  return new URL(page.url()).pathname.split('/').pop() ?? ''
}
