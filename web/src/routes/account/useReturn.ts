import { useNavigate, useSearchParams } from 'react-router'
import { safeReturnPath } from '@/lib/safeReturnPath'

/** Where the reader was going before being asked to sign in. */
export function useReturn() {
  const navigate = useNavigate()
  const [params] = useSearchParams()
  const to = safeReturnPath(params.get('to'))
  return {
    goBack: () => void navigate(to, { replace: true }),
    query: to === '/' ? '' : `?to=${encodeURIComponent(to)}`,
  }
}
