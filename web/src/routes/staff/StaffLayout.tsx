import { useTranslation } from 'react-i18next'
import { NavLink, Outlet } from 'react-router'
import { useShop } from '@/api/shop'
import './staff-layout.css'

export function StaffLayout() {
  const { t } = useTranslation()
  const { mailbox } = useShop()
  const places = ['orders', 'products', ...(mailbox ? ['mails'] : []), 'jobs']
  return (
    <div className="page stack stack-loose">
      <nav className="staff-nav" aria-label={t('staff.title')}>
        <ul>
          {places.map((place) => (
            <li key={place}>
              <NavLink to={`/staff/${place}`}>{t(`staff.nav.${place}`)}</NavLink>
            </li>
          ))}
        </ul>
      </nav>
      <Outlet />
    </div>
  )
}
