import { useTranslation } from 'react-i18next'
import { NavLink, Outlet } from 'react-router'
import { useShop } from '@/api/shop'
import { useNotices } from '@/features/notices/useNotices'
import { useConversationCounts } from '@/features/support/queries'
import './staff-layout.css'

export function StaffLayout() {
  const { t } = useTranslation()
  const { mailbox } = useShop()
  const waiting = useConversationCounts()?.unassigned ?? 0
  const { unread } = useNotices()
  const places = [
    { name: 'orders', count: 0 },
    { name: 'support', count: waiting },
    { name: 'notices', count: unread },
    { name: 'products', count: 0 },
    ...(mailbox ? [{ name: 'mails', count: 0 }] : []),
    { name: 'jobs', count: 0 },
    { name: 'support-settings', count: 0 },
  ]
  return (
    <div className="page stack stack-loose">
      <nav className="staff-nav" aria-label={t('staff.title')}>
        <ul>
          {places.map(({ name, count }) => (
            <li key={name}>
              <NavLink to={`/staff/${name}`}>
                {t(`staff.nav.${name}`)}
                {count > 0 && <Count name={name} count={count} />}
              </NavLink>
            </li>
          ))}
        </ul>
      </nav>
      <Outlet />
    </div>
  )
}

function Count({ name, count }: { name: string; count: number }) {
  const { t } = useTranslation()
  return (
    <span className="staff-count">
      <span className="visually-hidden">
        {name === 'notices' ? t('staff.unread', { count }) : t('staff.waiting', { count })}
      </span>
      <span className="numeric" aria-hidden="true">
        {count}
      </span>
    </span>
  )
}
