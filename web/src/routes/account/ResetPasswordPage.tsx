import { useTranslation } from 'react-i18next'
import { useNavigate, useSearchParams } from 'react-router'
import { ResetPasswordForm } from '@/features/account/ResetPasswordForm'
import { useToast } from '@/ui/Toasts'
import { AccountFrame } from './AccountFrame'

export function ResetPasswordPage() {
  const { t } = useTranslation()
  const [params] = useSearchParams()
  const navigate = useNavigate()
  const toast = useToast()
  const finish = () => {
    toast({ text: t('account.resetDone') })
    void navigate('/sign-in', { replace: true })
  }
  return (
    <AccountFrame title={t('account.resetTitle')}>
      <ResetPasswordForm token={params.get('token') ?? ''} onDone={finish} />
    </AccountFrame>
  )
}
