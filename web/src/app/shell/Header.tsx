import { useTranslation } from 'react-i18next'
import { Link, NavLink } from 'react-router'
import { useSession } from '@/api/session'
import { itemCount } from '@/features/cart/cart'
import { useCart } from '@/features/cart/cartStore'
import { Icon } from '@/ui/Icon'
import mark from '../souk.svg'
import { LanguageSwitch } from './LanguageSwitch'

export function Header({ shopName }: { shopName: string }) {
  const { t } = useTranslation()
  const { user, status } = useSession()
  const isStaff = user?.role === 'staff' || user?.role === 'admin'
  return (
    <header className="shell-header">
      <div className="shell-header-inner">
        <Link to="/" className="shell-brand">
          <img src={mark} alt="" width={36} height={36} />
          <span>{shopName}</span>
        </Link>
        <nav className="shell-links" aria-label={t('shell.main')}>
          {isStaff && <NavLink to="/staff">{t('staff.title')}</NavLink>}
          {user && <NavLink to="/orders">{t('orders.title')}</NavLink>}
          {status === 'signedOut' ? (
            <NavLink to="/sign-in">{t('account.signIn')}</NavLink>
          ) : (
            <NavLink to="/account">{t('account.title')}</NavLink>
          )}
        </nav>
        <LanguageSwitch />
        <CartLink />
      </div>
    </header>
  )
}

function CartLink() {
  const { t } = useTranslation()
  const count = itemCount(useCart())
  return (
    <Link to="/cart" className="shell-button shell-cart" aria-label={t('cart.open', { count })}>
      <Icon name="bag" size={22} />
      {count > 0 && (
        <span className="shell-count" aria-hidden="true">
          {count}
        </span>
      )}
    </Link>
  )
}
