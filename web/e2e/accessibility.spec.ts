import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { addToCart, signIn } from './support/buyer'
import { pickSimple, staff } from './support/shopApi'
import { expect, expectNoSidewaysScroll, test } from './support/visit'

async function expectAccessible(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await page.locator('h1').waitFor({ state: 'attached' })
  await expect(page.locator('.skeleton')).toHaveCount(0)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const { violations } = await new AxeBuilder({ page }).analyze()
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`)
    expect(found, `${path} has faults in ${colorScheme}`).toEqual([])
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
  for (const path of ['/orders', '/account', '/staff/orders', '/staff/products', '/staff/mails', '/staff/jobs']) {
    await expectAccessible(page, path)
  }
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
