import { defineConfig, type PlaywrightTestConfig } from '@playwright/test'

const languages = [
  { name: 'ar', locale: 'ar-SA' },
  { name: 'en', locale: 'en-US' },
]
const screens = [
  { name: 'phone', viewport: { width: 390, height: 844 }, hasTouch: true },
  { name: 'desktop', viewport: { width: 1280, height: 800 }, hasTouch: false },
]

const projects: PlaywrightTestConfig['projects'] = languages.flatMap((language) =>
  screens.map((screen) => ({
    name: `${language.name}-${screen.name}`,
    use: { locale: language.locale, viewport: screen.viewport, hasTouch: screen.hasTouch },
  })),
)

export default defineConfig({
  testDir: 'e2e',
  globalSetup: './e2e/support/startShop.ts',
  // One shop serves all tests, and some of them sell its last pieces.
  workers: 1,
  timeout: 60_000,
  // A loaded machine may hold one up; what passes only the second time is reported as flaky.
  retries: process.env['CI'] ? 1 : 0,
  expect: { timeout: 10_000 },
  reporter: process.env['CI'] ? [['line'], ['html', { open: 'never' }]] : 'line',
  use: {
    browserName: 'chromium',
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: process.env['SOUK_CHROMIUM'] ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  projects,
})
