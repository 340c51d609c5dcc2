/** The test of these specs: a page that must stay clean, in the language of its project. */
import { test as base, expect, type Page } from '@playwright/test'
import { shopUrl } from './shopApi'
import { startOf, textOf, type Language } from './texts'

interface Visit {
  language: Language
  /** The page's text under a key, in the language of this run. */
  say: (key: string) => string
  sayStart: (key: string) => string
  /** Answers that this test provokes on purpose; the browser reports every 4xx as an error. */
  expectStatus: (status: number) => void
  /** From here on the network is taken away now and then, of which the browser complains as well. */
  expectSilence: () => void
}

export const test = base.extend<{ visit: Visit }>({
  baseURL: async ({}, provide) => provide(shopUrl()),
  visit: [
    async ({ page, locale }, provide) => {
      const language: Language = locale?.startsWith('ar') ? 'ar' : 'en'
      const complaints: string[] = []
      const expected = new Set<number>()
      let isSilenceExpected = false
      page.on('pageerror', (error) => complaints.push(String(error)))
      page.on('console', (message) => {
        const status = /status of (\d{3})/.exec(message.text())?.[1]
        const isExpected = status !== undefined && expected.has(Number(status))
        // The test runner looks into every frame; that of a mail lets no script in, which is as it should be.
        const isSandbox = message.text().startsWith("Blocked script execution in 'about:srcdoc'")
        const isSilence = isSilenceExpected && /ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED/.test(message.text())
        if (message.type() === 'error' && !isExpected && !isSandbox && !isSilence) complaints.push(message.text())
      })
      await provide({
        language,
        say: (key) => textOf(language, key),
        sayStart: (key) => startOf(language, key),
        expectStatus: (status) => expected.add(status),
        expectSilence: () => (isSilenceExpected = true),
      })
      // Breaches of the content security policy are among these.
      expect(complaints, 'the browser complained').toEqual([])
    },
    { auto: true },
  ],
})

export { expect }

export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  expect(excess, `${page.url()} is wider than the screen`).toBeLessThanOrEqual(0)
}
