import { chromium } from '@playwright/test'
const base = process.argv[2], only = process.argv[3]
const b = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox','--disable-gpu','--disable-quic','--no-first-run','--disable-background-networking','--disable-component-update','--disable-sync'] })
for (const [name, locale, vp, dark] of [['ar-phone','ar-SA',{width:390,height:844}],['en-desk','en-US',{width:1280,height:800}],['en-phone','en-US',{width:390,height:844}],['ar-desk','ar-SA',{width:1280,height:800}],['ar-dark','ar-SA',{width:390,height:844},true]]) {
  if (only && only !== name) continue
  const c = await b.newContext({ locale, viewport: vp, colorScheme: dark ? 'dark' : 'light' })
  const p = await c.newPage()
  p.on('console', (m) => m.type() === 'error' && console.log(name, m.text().slice(0, 300)))
  p.on('pageerror', (e) => console.log(name, 'pageerror', e.message))
  const shot = async (n, full) => { await p.waitForTimeout(350); const o = await p.evaluate(() => document.documentElement.scrollWidth - innerWidth); if (o > 0) console.log(name, n, 'overflow', o); await p.screenshot({ path: `/work/plan/shots/${name}-${n}.png`, fullPage: full }) }
  await p.goto(base + '/'); await p.waitForSelector('.product-card-title'); await shot('1home')
  await p.goto(base + '/p/brass-lantern'); await p.waitForSelector('.product-buy'); await shot('2product', true)
  await p.locator('.product-buy > .button').click()
  await p.goto(base + '/p/linen-throw'); await p.waitForSelector('.product-buy'); await p.locator('.product-buy > .button').click(); await shot('2product2')
  await p.goto(base + '/cart'); await p.waitForSelector('.cart-line'); await shot('3cart', true)
  await p.goto(base + '/sign-up?to=/checkout'); await p.waitForSelector('form'); await shot('4signup')
  await p.fill('[name=name]', 'سارة'); await p.fill('[name=email]', `${name}-${Date.now()}@x.test`); await p.fill('[name=password]', 'password-123'); await p.click('form button[type=submit]')
  await p.waitForURL('**/checkout'); await p.waitForSelector('[name=line1]')
  await p.fill('[name=name]', 'سارة علي'); await p.fill('[name=phone]', '+966501234567'); await p.fill('[name=line1]', 'شارع العليا 12'); await p.fill('[name=city]', 'الرياض'); await p.check('[value=transfer]'); await shot('5checkout', true)
  await p.locator('form.checkout button[type=submit]').dblclick(); await p.waitForURL('**/orders/*'); await p.waitForSelector('.timeline-step'); await shot('6order', true)
  await p.goto(base + '/orders'); await p.waitForSelector('.order-card'); await shot('7orders')
  await p.goto(base + '/account'); await p.waitForSelector('h1'); await shot('8account', true)
  await p.goto(base + '/nope'); await p.waitForSelector('.empty'); await shot('9404')
  await c.clearCookies(); await p.evaluate(() => localStorage.removeItem('souk.session'))
  await p.goto(base + '/sign-in?to=/staff/orders'); await p.fill('[name=email]', 'admin@demo.souk'); await p.fill('[name=password]', 'demo-souk-2026'); await p.click('form button[type=submit]')
  await p.waitForSelector('.staff-order'); await shot('a-staff')
  await p.locator('.staff-order').first().click(); await p.waitForSelector('.timeline-step'); await shot('b-stafforder', true)
  await p.goto(base + '/staff/mails'); await p.waitForSelector('.mail-list a'); await p.locator('.mail-list a').first().click(); await p.waitForSelector('iframe'); await shot('c-mail')
  await p.goto(base + '/staff/products'); await p.waitForSelector('.stock-row'); await p.locator('.import summary').click(); await p.locator('.stock-row button').first().click(); await p.setInputFiles('#import-file', { name: 'x.csv', mimeType: 'text/csv', buffer: Buffer.from('a\nb') }); await p.locator('.import .button').first().click(); await p.waitForSelector('.import-counts'); await shot('d-products')
  await p.goto(base + '/staff/jobs'); await p.waitForSelector('h1'); await shot('e-jobs')
  await c.close()
}
await b.close()
