import { Navigate, Outlet, useLocation } from 'react-router'
import { useSession } from '@/api/session'
import { LoadingBlocks } from '@/ui/Feedback'
import { NotFoundPage } from './NotFoundPage'

/** Pages of somebody's own: strangers sign in first and come back. */
export function RequireSession() {
  const { status } = useSession()
  const { pathname, search } = useLocation()
  if (status === 'starting') return <Waiting />
  if (status === 'signedOut') return <Navigate to={`/sign-in?to=${encodeURIComponent(pathname + search)}`} replace />
  return <Outlet />
}

/** To anyone else these pages do not exist. The server guards what they show; this only spares a dead end. */
export function RequireStaff() {
  const { user } = useSession()
  if (user?.role !== 'staff' && user?.role !== 'admin') return <NotFoundPage />
  return <Outlet />
}

function Waiting() {
  return (
    <div className="page">
      <LoadingBlocks />
    </div>
  )
}
