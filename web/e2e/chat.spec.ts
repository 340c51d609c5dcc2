import type { Browser, Page } from '@playwright/test'
import { signIn } from './support/buyer'
import { staff } from './support/shopApi'
import { openChat, openConversation, say as write, texts } from './support/talk'
import { expect, expectNoSidewaysScroll, test } from './support/visit'

type Say = (key: string) => string

const unique = (text: string) => `${text} ${Date.now()}`
const numbered = (text: string, count: number) => Array.from({ length: count }, (_, index) => `${text} ${index + 1}`)

async function agent(browser: Browser, say: Say, lastText: string): Promise<Page> {
  const office = await browser.newContext()
  const desk = await office.newPage()
  await signIn(desk, say, staff, '/staff/support')
  await openConversation(desk, lastText)
  await expect(desk.getByRole('textbox', { name: say('support.prompt') })).toBeVisible()
  return desk
}

test('a shopper and an agent talk', async ({ page, visit: { say }, browser }) => {
  const question = unique('Is it wrapped?')
  await page.goto('/')
  await openChat(page, say)
  await write(page, say('chat.prompt'), question)
  await expect(page.locator('.message')).toHaveCount(1)
  await expectNoSidewaysScroll(page)

  const desk = await agent(browser, say, question)
  await desk.getByRole('button', { name: say('support.take') }).click()
  await expect(desk.getByText(say('support.isMine'))).toBeVisible()
  await expectNoSidewaysScroll(desk)
  await expect(page.locator('.message-state[data-state="seen"]')).toHaveCount(1)

  const answer = desk.getByRole('textbox', { name: say('support.prompt') })
  await answer.pressSequentially('Yes', { delay: 30 })
  await expect(page.locator('.typing-line')).not.toBeEmpty()
  await answer.press('Enter')
  await expect(page.getByText('Yes', { exact: true })).toBeVisible()
  await expect(page.locator('.typing-line')).toBeEmpty()

  // While the panel is closed, its button counts what comes in, and has the focus again.
  await page.keyboard.press('Escape')
  const launcher = page.locator('.chat-launcher')
  await expect(launcher).toBeFocused()
  await write(desk, say('support.prompt'), 'In paper.')
  await expect(launcher.locator('.shell-count')).toHaveText('1')
  await launcher.click()
  await expect(page.getByText('In paper.')).toBeVisible()
  await expect(desk.locator('.message-state[data-state="seen"]')).toHaveCount(2)
  await page.keyboard.press('Escape')
  await expect(launcher.locator('.shell-count')).toHaveCount(0)

  await desk.getByRole('button', { name: say('support.close') }).click()
  await expect(desk.getByText(say('support.isClosed'))).toBeVisible()
  await desk.context().close()
})

test('a message can be changed and taken back', async ({ page, visit: { say }, browser }) => {
  const first = unique('First words')
  await page.goto('/')
  await openChat(page, say)
  await write(page, say('chat.prompt'), first)
  const desk = await agent(browser, say, first)
  await expect(desk.locator('.message')).toHaveCount(1)

  await page.locator('.message').hover()
  await page.getByRole('button', { name: say('conversation.more') }).click()
  await page.getByRole('button', { name: say('conversation.edit'), exact: true }).click()
  await write(page, say('chat.prompt'), 'Better words')
  await expect.poll(() => texts(desk)).toEqual(['Better words'])

  await page.getByRole('button', { name: say('conversation.more') }).click()
  await page.getByRole('button', { name: say('conversation.delete'), exact: true }).click()
  await expect.poll(() => texts(desk)).toEqual([say('conversation.deleted')])
  expect(await texts(page)).toEqual([say('conversation.deleted')])
  await desk.context().close()
})

test('who was offline sees all that was said, once and in order', async ({ page, visit, browser }) => {
  const { say } = visit
  visit.expectSilence()
  const hello = unique('Hello')
  await page.goto('/')
  await openChat(page, say)
  await write(page, say('chat.prompt'), hello)
  const desk = await agent(browser, say, hello)
  await expect.poll(() => texts(desk)).toEqual([hello])

  await page.context().setOffline(true)
  const fromShop = numbered('shop', 12)
  for (const text of fromShop) await write(desk, say('support.prompt'), text)
  await expect(desk.locator('.message-state[data-state="sent"]')).toHaveCount(12)
  const fromShopper = numbered('shopper', 3)
  for (const text of fromShopper) await write(page, say('chat.prompt'), text)
  await expect(page.locator('.message-state[data-state="sending"]')).toHaveCount(3)

  await page.context().setOffline(false)
  const all = [hello, ...fromShop, ...fromShopper]
  await expect.poll(() => texts(page), { timeout: 20_000 }).toEqual(all)
  await expect.poll(() => texts(desk), { timeout: 20_000 }).toEqual(all)
  await expect(page.locator('.message-state[data-state="sending"]')).toHaveCount(0)
  await desk.context().close()
})

test('what was not sent survives a reload', async ({ page, visit, browser }) => {
  const { say } = visit
  visit.expectSilence()
  const hello = unique('Before the reload')
  await page.goto('/')
  await openChat(page, say)
  await write(page, say('chat.prompt'), hello)
  const desk = await agent(browser, say, hello)

  await page.context().setOffline(true)
  const unsent = numbered('unsent', 3)
  for (const text of unsent) await write(page, say('chat.prompt'), text)
  await expect(page.locator('.message-state[data-state="sending"]')).toHaveCount(3)
  await page.goto('about:blank')
  expect(await texts(desk)).toEqual([hello])

  await page.context().setOffline(false)
  await page.goto('/')
  await expect.poll(() => texts(desk), { timeout: 20_000 }).toEqual([hello, ...unsent])
  await openChat(page, say)
  await expect.poll(() => texts(page)).toEqual([hello, ...unsent])
  await desk.context().close()
})
