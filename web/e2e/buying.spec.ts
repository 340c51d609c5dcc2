import { addToCart, buyButton, fillAddress, newAccount, openedOrder, signIn, signUp } from './support/buyer'
import { expectReceipt } from './support/mailFolder'
import { ordersByEmail, ordersOf, pickSimple, staff } from './support/shopApi'
import { textOf } from './support/texts'
import { expect, expectNoSidewaysScroll, test } from './support/visit'

test('from the search to the order page, and the order on its way', async ({ page, visit, browser }) => {
  const { language, say, sayStart } = visit
  const buyer = newAccount(language)
  const { product } = await pickSimple(language, 3)

  await page.goto('/')
  await expect(page.locator('html')).toHaveAttribute('dir', language === 'ar' ? 'rtl' : 'ltr')
  await page.getByRole('searchbox', { name: say('catalog.search') }).fill(product.title)
  await expect(page).toHaveURL(/\?q=/)
  await expectNoSidewaysScroll(page)
  await page.getByRole('link', { name: product.title }).first().click()

  await expect(page.getByRole('heading', { level: 1, name: product.title })).toBeVisible()
  await expectNoSidewaysScroll(page)
  await page.getByRole('button', { name: say('product.addToCart') }).click()
  await page.getByRole('button', { name: say('cart.view') }).click()

  await expect(page.getByRole('heading', { level: 1, name: say('cart.title') })).toBeVisible()
  await expectNoSidewaysScroll(page)
  await page.getByRole('button', { name: say('cart.checkout') }).click()
  await page
    .getByRole('main')
    .getByRole('link', { name: say('account.signUp') })
    .click()
  await signUp(page, say, buyer, 'سارة علي')

  await page.waitForURL('**/checkout')
  await fillAddress(page, say)
  await expectNoSidewaysScroll(page)
  await buyButton(page, sayStart).dblclick()
  const orderId = await openedOrder(page)
  await expect(page.getByText(say('orders.thanks'))).toBeVisible()
  await expect(page.getByRole('main').getByText(product.title)).toBeVisible()
  await expectNoSidewaysScroll(page)

  expect((await ordersOf(buyer)).map((order) => order.id)).toEqual([orderId])
  await expectReceipt(orderId, buyer.email, language)

  // Staff see it and send it, in a browser of their own; the buyer's page, left open, follows.
  const office = await browser.newContext({ locale: 'en-US' })
  const desk = await office.newPage()
  const english = (key: string) => textOf('en', key)
  await signIn(desk, english, staff, `/staff/orders/${orderId}`)
  await desk.getByRole('button', { name: english('staff.orders.move') }).click()
  await expect(page.locator('.badge', { hasText: say('orders.status.packed') })).toBeVisible({ timeout: 15_000 })
  await desk.getByLabel(english('staff.orders.moveTo')).selectOption('shipped')
  await desk.getByLabel(english('orders.tracking')).fill('SMSA-4711')
  await desk.getByRole('button', { name: english('staff.orders.move') }).click()
  await expect(page.locator('.badge', { hasText: say('orders.status.shipped') })).toBeVisible({ timeout: 15_000 })
  await expect(page.locator('.timeline').getByText('SMSA-4711')).toBeVisible({ timeout: 15_000 })
  await office.close()
})

test('a guest buys with an e-mail address alone', async ({ page, visit }) => {
  const { language, say, sayStart } = visit
  const { email } = newAccount(language)
  await addToCart(page, say, await pickSimple(language, 3))
  await page.goto('/checkout')
  await page.getByLabel(say('account.email')).fill(email)
  await fillAddress(page, say)
  await buyButton(page, sayStart).click()
  const orderId = await openedOrder(page)
  await expect(page.getByText(say('orders.thanks'))).toBeVisible()
  expect((await ordersByEmail(email)).map((order) => order.id)).toEqual([orderId])
  await expectReceipt(orderId, email, language)

  // The guest is still known after a reload, and sees the order again.
  await page.reload()
  await expect(page.locator('.timeline')).toBeVisible()
})

test('an order whose answer is lost is made once', async ({ page, visit }) => {
  const { language, say, sayStart } = visit
  const buyer = newAccount(language)
  await addToCart(page, say, await pickSimple(language, 3))
  await page.goto('/sign-up?to=/checkout')
  await signUp(page, say, buyer, 'Sara')
  await page.waitForURL('**/checkout')
  await fillAddress(page, say)

  // The server gets the order, but its answer never arrives.
  await page.route('**/api/v1/orders', async (route) => {
    await route.fetch()
    await route.fulfill({
      status: 503,
      contentType: 'application/problem+json',
      body: '{"code":"unavailable","status":503}',
    })
  })
  visit.expectStatus(503)
  await buyButton(page, sayStart).click()
  await expect(page.getByText(say('checkout.noAnswer'))).toBeVisible()
  await page.unroute('**/api/v1/orders')

  await page.reload()
  await expect(page.getByText(say('checkout.interrupted'))).toBeVisible()
  await fillAddress(page, say)
  await page.getByLabel(sayStart('checkout.note')).fill('changed since')
  visit.expectStatus(422)
  await buyButton(page, sayStart).click()
  const orderId = await openedOrder(page)
  expect((await ordersOf(buyer)).map((order) => order.id)).toEqual([orderId])
})

test('a buyer takes an order back while it is only placed', async ({ page, visit }) => {
  const { language, say, sayStart } = visit
  await addToCart(page, say, await pickSimple(language, 3))
  await page.goto('/checkout')
  await page.getByLabel(say('account.email')).fill(newAccount(language).email)
  await fillAddress(page, say)
  await buyButton(page, sayStart).click()
  await openedOrder(page)
  await page.getByRole('button', { name: say('orders.cancel') }).click()
  await page.getByRole('button', { name: say('orders.cancelConfirm') }).click()
  await expect(page.locator('.badge', { hasText: say('orders.status.cancelled') })).toBeVisible()
  await expect(page.getByRole('button', { name: say('orders.cancel') })).toBeHidden()
})
