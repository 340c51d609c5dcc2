import { pickSimple, products } from './support/shopApi'
import { textOf } from './support/texts'
import { expect, test } from './support/visit'

test('the language changes where the reader stands, and stays changed', async ({ page, visit: { language } }) => {
  const other = language === 'ar' ? 'en' : 'ar'
  const { product } = await pickSimple(language, 1)
  const translated = (await products(other)).find((each) => each.id === product.id)
  const path = `/p/${product.handle}`

  await page.goto(path)
  await page.getByRole('button', { name: other === 'ar' ? 'العربية' : 'English' }).click()
  await expect(page).toHaveURL(new RegExp(`${path}$`))
  await expect(page.locator('html')).toHaveAttribute('lang', other)
  await expect(page.locator('html')).toHaveAttribute('dir', other === 'ar' ? 'rtl' : 'ltr')
  await expect(page.getByRole('heading', { level: 1, name: translated?.title })).toBeVisible()
  await expect(page.getByRole('button', { name: textOf(other, 'product.addToCart') })).toBeVisible()

  await page.reload()
  await expect(page.locator('html')).toHaveAttribute('lang', other)
  await expect(page.getByRole('heading', { level: 1, name: translated?.title })).toBeVisible()
})

test('the language changes while the page still loads', async ({ page, visit: { language } }) => {
  const other = language === 'ar' ? 'en' : 'ar'
  const { product } = await pickSimple(language, 1)
  const translated = (await products(other)).find((each) => each.id === product.id)
  await page.route('**/api/v1/products/*', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    // The page may have given this request up meanwhile.
    await route.continue().catch(() => undefined)
  })

  await page.goto(`/p/${product.handle}`)
  await page.getByRole('button', { name: other === 'ar' ? 'العربية' : 'English' }).click()
  await expect(page.getByRole('heading', { level: 1, name: translated?.title })).toBeVisible()
})

test('prices are written with Latin digits in both languages', async ({ page }) => {
  await page.goto('/')
  await expect(page.locator('.price').first()).toContainText(/[0-9]/)
  await expect(page.locator('.price').first()).not.toContainText(/[٠-٩]/)
})
