import { useTranslation } from 'react-i18next'
import { NavLink } from 'react-router'
import { useSession } from '@/api/session'
import { Icon, type IconName } from '@/ui/Icon'

interface Tab {
  to: string
  icon: IconName
  label: string
}

/** Within the thumb's reach on a phone; wider screens have the same places in the header. */
export function TabBar() {
  const { t } = useTranslation()
  const { user, status } = useSession()
  const isStaff = user?.role === 'staff' || user?.role === 'admin'
  const tabs: Tab[] = [
    { to: '/', icon: 'home', label: t('shell.shop') },
    { to: '/orders', icon: 'receipt', label: t('orders.title') },
    status === 'signedOut'
      ? { to: '/sign-in', icon: 'person', label: t('account.signIn') }
      : { to: '/account', icon: 'person', label: t('account.title') },
    ...(isStaff ? [{ to: '/staff', icon: 'gear', label: t('staff.title') } as const] : []),
  ]
  return (
    <nav className="tabbar" aria-label={t('shell.tabs')}>
      {tabs.map(({ to, icon, label }) => (
        <NavLink key={to} to={to} end={to === '/'}>
          <Icon name={icon} size={22} />
          <span>{label}</span>
        </NavLink>
      ))}
    </nav>
  )
}
