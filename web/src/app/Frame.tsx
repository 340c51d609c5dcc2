import { Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, Outlet, ScrollRestoration } from 'react-router'
import { useShop } from '@/api/shop'
import { ChatWidget } from '@/features/chat/ChatWidget'
import { useLocale } from '@/lib/useLocale'
import { Notice } from '@/ui/Notice'
import { ShopFactsProvider } from '@/ui/ShopContext'
import { useIsHeard } from './connection'
import { Footer } from './shell/Footer'
import { Header } from './shell/Header'
import { TabBar } from './shell/TabBar'
import { useFocusOnPageChange } from './shell/useFocusOnPageChange'
import { Splash } from './Splash'
import './shell/shell.css'

/** What stands around every page. */
export function Frame() {
  return (
    <Suspense fallback={<Splash />}>
      <ShopFrame />
      <ScrollRestoration />
    </Suspense>
  )
}

function ShopFrame() {
  const { t } = useTranslation()
  const shop = useShop()
  const locale = useLocale()
  const main = useFocusOnPageChange()
  const name = shop.name[locale] ?? shop.name[shop.defaultLocale] ?? 'Souk'
  return (
    <ShopFactsProvider facts={{ name, currencyDigits: shop.currencyDigits }}>
      <a className="skip-link" href="#main">
        {t('shell.skip')}
      </a>
      <Header shopName={name} />
      <Bulletins setupRequired={shop.setupRequired} />
      <main id="main" tabIndex={-1} ref={main}>
        <Outlet />
      </main>
      <Footer shopName={name} isDemo={shop.demo} />
      <TabBar />
      <ChatWidget />
    </ShopFactsProvider>
  )
}

function Bulletins({ setupRequired }: { setupRequired: boolean }) {
  const { t } = useTranslation()
  const isHeard = useIsHeard()
  return (
    <div className="bulletins" aria-live="polite">
      {!isHeard && (
        <Notice tone="warm">
          <p>{t('shell.silence')}</p>
        </Notice>
      )}
      {setupRequired && (
        <Notice tone="warm">
          <p>
            {t('setup.needed')} <Link to="/setup">{t('setup.title')}</Link>
          </p>
        </Notice>
      )}
    </div>
  )
}
