import { addToCart, buyButton, fillAddress, newAccount, openedOrder, signIn } from './support/buyer'
import { admin, customer, pickSimple, setStock, staff } from './support/shopApi'
import { expect, expectNoSidewaysScroll, test } from './support/visit'

test('customers and strangers never see the staff pages', async ({ page, visit: { say } }) => {
  await page.goto('/staff/orders')
  await expect(page.getByRole('heading', { level: 1, name: say('account.signInTitle') })).toBeVisible()
  await signIn(page, say, customer, '/staff/orders')
  await expect(page.getByRole('heading', { level: 2, name: say('notFound.title') })).toBeVisible()
  await expect(page.getByRole('link', { name: say('staff.title'), exact: true })).toHaveCount(0)
})

test('staff find an order and read its receipt', async ({ page, visit: { language, say, sayStart }, browser }) => {
  const { email } = newAccount(language)
  const shopper = await browser.newContext({ locale: language === 'ar' ? 'ar-SA' : 'en-US' })
  const till = await shopper.newPage()
  await addToCart(till, say, await pickSimple(language, 3))
  await till.goto('/checkout')
  await till.getByLabel(say('account.email')).fill(email)
  await fillAddress(till, say)
  await buyButton(till, sayStart).click()
  const orderId = await openedOrder(till)
  await shopper.close()

  await signIn(page, say, staff, '/staff/orders')
  await page.getByRole('searchbox', { name: say('staff.orders.search') }).fill(email)
  await expect(page.locator('.staff-order')).toHaveCount(1)
  await expectNoSidewaysScroll(page)
  await page.locator('.staff-order').click()
  await expect(page).toHaveURL(new RegExp(orderId))
  await page.getByRole('button', { name: say('staff.orders.payment.paid') }).click()
  await expect(page.locator('.badge', { hasText: say('payment.status.paid') })).toBeVisible()

  await page.goto('/staff/mails')
  await page.locator('.mail-list a', { hasText: email }).first().click()
  await expect(page.frameLocator('iframe').locator('body')).not.toBeEmpty()
  await expectNoSidewaysScroll(page)
})

test('an administrator moves stock and tries an import', async ({ page, visit: { language, say } }) => {
  const { product, variant } = await pickSimple(language, 3)
  const before = variant.stock ?? 0
  await signIn(page, say, admin, '/staff/products')
  await page.getByRole('searchbox', { name: say('inventory.search') }).fill(product.title)
  const card = page.locator('.stock-card', { hasText: product.title }).first()
  await card.getByRole('button').click()
  await card.getByLabel(say('inventory.delta')).fill('2')
  await card.getByLabel(say('inventory.reason')).fill('delivery')
  await card.getByRole('button', { name: say('inventory.save') }).click()
  await expect(card.locator('.stock-row .badge')).toContainText(String(before + 2))
  await setStock(variant.id, before)

  await page.getByText(say('import.title')).click()
  const csv =
    'Handle,Title,Option1 Name,Option1 Value,Variant Price,Variant Inventory Qty\ntried-only,Tried only,Title,Default Title,10.00,3\n'
  await page
    .getByLabel(say('import.file'))
    .setInputFiles({ name: 'products.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) })
  await page.getByRole('button', { name: say('import.try'), exact: true }).click()
  await expect(page.locator('.import-counts')).toBeVisible()
  await expectNoSidewaysScroll(page)
})
