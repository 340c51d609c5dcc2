import { addToCart, buyButton, fillAddress, newAccount, openedOrder } from './support/buyer'
import { pickSimple, setStock, type Pick } from './support/shopApi'
import { expect, test } from './support/visit'

test('a new price is shown and agreed to before anything is ordered', async ({ page, visit }) => {
  const { language, say, sayStart } = visit
  const { product, variant } = await pickSimple(language, 3)
  await addToCart(page, say, { product, variant })
  await page.goto('/checkout')
  await page.getByLabel(say('account.email')).fill(newAccount(language).email)
  await fillAddress(page, say)

  // The first press meets a price that changed a moment ago; the second carries the new total.
  const total = { amount: variant.price.amount + 12345, currency: variant.price.currency }
  const asked: unknown[] = []
  await page.route('**/api/v1/orders', async (route) => {
    asked.push((route.request().postDataJSON() as { expectedTotal: unknown }).expectedTotal)
    const problem = { status: 409, code: 'price_changed', title: 'price changed', total }
    await route.fulfill({ status: 409, contentType: 'application/problem+json', body: JSON.stringify(problem) })
  })
  visit.expectStatus(409)
  await buyButton(page, sayStart).click()
  await expect(page.getByRole('alert').filter({ hasText: sayStart('checkout.priceChanged') })).toBeVisible()
  await buyButton(page, sayStart).click()
  await expect.poll(() => asked.length).toBe(2)
  expect(asked[1]).toEqual(total)
})

test.describe('the last pieces', () => {
  let pick: Pick
  let before: number

  test.beforeEach(async ({ visit }) => {
    pick = await pickSimple(visit.language, 3)
    before = pick.variant.stock ?? 0
  })

  test.afterEach(async () => setStock(pick.variant.id, before))

  test('what is sold out cannot be put into the cart', async ({ page, visit: { say } }) => {
    await setStock(pick.variant.id, 0)
    await page.goto(`/p/${pick.product.handle}`)
    await expect(page.getByRole('button', { name: say('product.soldOut') })).toBeDisabled()
    await expect(page.getByRole('button', { name: say('product.addToCart') })).toBeHidden()
    await page.goto(`/?q=${encodeURIComponent(pick.product.title)}`)
    await expect(page.locator('.product-card').first().getByText(say('catalog.soldOut'))).toBeVisible()
  })

  test('the cart says what sold out since, and gives a removed line back', async ({ page, visit: { say } }) => {
    await addToCart(page, say, pick)
    await setStock(pick.variant.id, 0)
    await page.goto('/cart')
    await expect(page.getByText(say('cart.soldOut'))).toBeVisible()
    await expect(page.getByRole('button', { name: say('cart.checkout') })).toBeDisabled()
    await page.locator('.cart-line').getByRole('button').last().click()
    await expect(page.getByText(say('cart.empty'))).toBeVisible()
    await page.getByRole('button', { name: say('cart.undo') }).click()
    await expect(page.getByText(say('cart.soldOut'))).toBeVisible()
  })

  test('a buyer who asks for more than there is takes what is left', async ({ page, visit }) => {
    const { language, say, sayStart } = visit
    await addToCart(page, say, pick)
    await page.goto('/cart')
    await page.getByRole('button', { name: say('quantity.more') }).click()
    await setStock(pick.variant.id, 1)
    await page.getByRole('button', { name: say('cart.checkout') }).click()
    await page.getByLabel(say('account.email')).fill(newAccount(language).email)
    await fillAddress(page, say)
    visit.expectStatus(409)
    await buyButton(page, sayStart).click()
    const shortage = page.getByRole('alert').filter({ hasText: say('checkout.outOfStock') })
    await expect(shortage.getByText(pick.product.title)).toBeVisible()
    await shortage.getByRole('button', { name: say('checkout.takeWhatIsLeft') }).click()
    await buyButton(page, sayStart).click()
    await openedOrder(page)
    await expect(page.getByText(say('orders.thanks'))).toBeVisible()
  })
})
