import { addToCart, buyButton, fillAddress, newAccount, openedOrder, signIn } from './support/buyer'
import { pickSimple, setStock, staff, type Pick } from './support/shopApi'
import { say as write, texts } from './support/talk'
import { expect, expectNoSidewaysScroll, test } from './support/visit'

test.describe('the last piece', () => {
  let pick: Pick
  let before: number

  test.beforeEach(async ({ visit }) => {
    pick = await pickSimple(visit.language, 3)
    before = pick.variant.stock ?? 0
    await setStock(pick.variant.id, 1)
  })

  test.afterEach(async () => setStock(pick.variant.id, before))

  test('sold in one browser, it turns unavailable in the other', async ({ page, visit, browser }) => {
    const { language, say, sayStart } = visit
    await page.goto(`/p/${pick.product.handle}`)
    await expect(page.getByRole('button', { name: say('product.addToCart') })).toBeEnabled()
    const tab = await page.context().newPage()
    await addToCart(tab, say, pick)
    await tab.goto('/cart')
    await expect(tab.getByRole('button', { name: say('cart.checkout') })).toBeEnabled()

    const other = await browser.newContext()
    const till = await other.newPage()
    await addToCart(till, say, pick)
    await till.goto('/checkout')
    await till.getByLabel(say('account.email')).fill(newAccount(language).email)
    await fillAddress(till, say)
    await buyButton(till, sayStart).click()
    await openedOrder(till)
    await other.close()

    await expect(page.getByRole('button', { name: say('product.soldOut') })).toBeDisabled()
    await expect(page.getByRole('button', { name: say('product.addToCart') })).toHaveCount(0)
    await expect(tab.getByText(say('cart.soldOut'))).toBeVisible()
    await expect(tab.getByRole('button', { name: say('cart.checkout') })).toBeDisabled()

    // And back again, in the list too.
    await page.goBack()
    await page.goto(`/p/${pick.product.handle}`)
    await page
      .getByRole('link', { name: say('shell.shop') })
      .or(page.locator('.shell-brand'))
      .first()
      .click()
    const card = page.locator('.product-card', { hasText: pick.product.title }).first()
    await expect(card.getByText(say('catalog.soldOut'))).toBeVisible()
    await setStock(pick.variant.id, 2)
    await expect(card.getByText(say('catalog.soldOut'))).toHaveCount(0)
  })
})

test('a new order appears on the board, and both sides talk about it', async ({ page, visit, browser }) => {
  const { language, say, sayStart } = visit
  const office = await browser.newContext()
  const desk = await office.newPage()
  await signIn(desk, say, staff, '/staff/orders')
  await expect(desk.locator('.staff-order, .empty').first()).toBeVisible()

  const { email } = newAccount(language)
  await addToCart(page, say, await pickSimple(language, 3))
  await page.goto('/checkout')
  await page.getByLabel(say('account.email')).fill(email)
  await fillAddress(page, say)
  await buyButton(page, sayStart).click()
  await openedOrder(page)

  const row = desk.locator('[data-new="true"] .staff-order', { hasText: email })
  await expect(row).toBeVisible()
  await expect(desk.getByRole('status').filter({ hasText: sayStart('staff.orders.arrived') })).toBeAttached()
  await expectNoSidewaysScroll(desk)
  await row.click()

  await write(page, say('orders.writeToShop'), 'Please ring twice.')
  await expect.poll(() => texts(desk)).toEqual(['Please ring twice.'])
  await write(desk, say('orders.writeToBuyer'), 'We will.')
  await expect.poll(() => texts(page)).toEqual(['Please ring twice.', 'We will.'])

  // The step comes into the same conversation, and onto the badge above, without a reload.
  await desk.getByRole('button', { name: say('staff.orders.move') }).click()
  await expect(page.locator('.messages-event', { hasText: say('orders.status.packed') })).toBeVisible()
  await expect(page.locator('.badge', { hasText: say('orders.status.packed') })).toBeVisible()
  await expectNoSidewaysScroll(page)
  await office.close()
})

test('staff are told what needs a look', async ({ page, visit: { say }, browser }) => {
  await signIn(page, say, staff, '/staff/notices')
  await expect(page.getByRole('heading', { level: 1, name: say('notices.title') })).toBeVisible()
  await expect(page.locator('.notices-row, .empty').first()).toBeVisible()
  const before = await page.locator('.notices-row').count()

  const shopper = await browser.newContext()
  const chat = await shopper.newPage()
  await chat.goto('/')
  await chat.getByRole('button', { name: say('chat.open') }).click()
  await write(chat, say('chat.prompt'), 'Good morning')
  await expect(page.locator('.notices-row')).toHaveCount(before + 1)
  await shopper.close()
  await page.locator('.notices-row').first().click()
  await expect(page.getByRole('textbox', { name: say('support.prompt') })).toBeVisible()
  await expect.poll(() => texts(page)).toContain('Good morning')
})

test('canned replies are kept and inserted', async ({ page, visit: { say }, browser }) => {
  const title = `hours ${Date.now()}`
  await signIn(page, say, staff, '/staff/support-settings')
  await page.getByRole('button', { name: say('supportSettings.addReply') }).click()
  await page.getByLabel(say('supportSettings.replyTitle')).fill(title)
  await page.getByLabel(say('supportSettings.replyText')).fill('We are open from nine.')
  await page
    .getByRole('button', { name: say('account.save') })
    .first()
    .click()
  await expect(page.getByText(title)).toBeVisible()

  const shopper = await browser.newContext()
  const chat = await shopper.newPage()
  const question = `When? ${title}`
  await chat.goto('/')
  await chat.getByRole('button', { name: say('chat.open') }).click()
  await write(chat, say('chat.prompt'), question)

  await page.goto('/staff/support')
  await page.locator('.desk-row', { hasText: question }).click()
  const field = page.getByRole('textbox', { name: say('support.prompt') })
  await field.fill(`/${title}`)
  await expect(page.locator('.canned-menu button')).toHaveCount(1)
  await field.press('Enter')
  await expect(field).toHaveValue('We are open from nine.')
  await field.press('Enter')
  await expect(chat.getByText('We are open from nine.')).toBeVisible()
  await shopper.close()
})
