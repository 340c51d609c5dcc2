import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { addToCart, signIn } from './support/buyer'
import { pickSimple, staff } from './support/shopApi'
import { openChat, openConversation, say as write } from './support/talk'
import { expect, expectNoSidewaysScroll, test } from './support/visit'

const staffPages = [
  '/staff/orders',
  '/staff/support',
  '/staff/notices',
  '/staff/products',
  '/staff/mails',
  '/staff/jobs',
  '/staff/support-settings',
]

async function expectAccessible(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await page.locator('h1').waitFor({ state: 'attached' })
  await expectNoFaults(page)
}

async function expectNoFaults(page: Page): Promise<void> {
  await expect(page.locator('.skeleton')).toHaveCount(0)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const { violations } = await new AxeBuilder({ page }).analyze()
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`)
    expect(found, `${page.url()} has faults in ${colorScheme}`).toEqual([])
  }
  await expectNoSidewaysScroll(page)
}

test('the shop can be used by everyone', async ({ page, visit: { language, say } }) => {
  const pick = await pickSimple(language, 1)
  await addToCart(page, say, pick)
  for (const path of [
    '/',
    `/p/${pick.product.handle}`,
    '/cart',
    '/checkout',
    '/sign-in',
    '/sign-up',
    '/forgot-password',
    '/nowhere',
  ]) {
    await expectAccessible(page, path)
  }
})

test('so can the pages of those who are signed in', async ({ page, visit: { say } }) => {
  await signIn(page, say, staff, '/orders')
  for (const path of ['/orders', '/account', ...staffPages]) {
    await expectAccessible(page, path)
  }
})

test('and so can the chat, on both ends', async ({ page, visit: { language, say }, browser }) => {
  const text = `axe ${language} ${Date.now()}`
  await page.goto('/')
  await openChat(page, say)
  await write(page, say('chat.prompt'), text)
  await expect(page.locator('.message')).toHaveCount(1)
  await expectNoFaults(page)

  const office = await browser.newContext()
  const desk = await office.newPage()
  await signIn(desk, say, staff, '/staff/support')
  await openConversation(desk, text)
  await expect(desk.getByText(text).last()).toBeVisible()
  await expectNoFaults(desk)
  await office.close()
})

test('the way to the cart needs no mouse', async ({ page, visit: { language, say } }) => {
  const { product } = await pickSimple(language, 1)
  await page.goto(`/p/${product.handle}`)
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: say('shell.skip') })).toBeFocused()
  await page.keyboard.press('Enter')
  for (let presses = 0; presses < 20; presses++) {
    await page.keyboard.press('Tab')
    const name = await page.evaluate(() => document.activeElement?.textContent)
    if (name === say('product.addToCart')) break
  }
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: say('cart.view') })).toBeVisible()
})
