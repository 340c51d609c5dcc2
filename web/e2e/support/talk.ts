import { expect, type Page } from '@playwright/test'

type Say = (key: string) => string

export async function openChat(page: Page, say: Say): Promise<void> {
  await page.getByRole('button', { name: say('chat.open') }).click()
  await expect(page.getByRole('textbox', { name: say('chat.prompt') })).toBeFocused()
}

/** Writes and sends with Enter, into the text field of this name. */
export async function say(page: Page, prompt: string, text: string): Promise<void> {
  const field = page.getByRole('textbox', { name: prompt })
  await field.fill(text)
  await field.press('Enter')
  await expect(field).toHaveValue('')
}

/** Opens the conversation in the queue whose last words are these. */
export async function openConversation(desk: Page, lastText: string): Promise<void> {
  await desk.locator('.desk-row', { hasText: lastText }).click()
}

/** What the messages say, from the first to the last. */
export const texts = (page: Page): Promise<string[]> => page.locator('.messages .message-text').allInnerTexts()
