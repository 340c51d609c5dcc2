import { useTranslation } from 'react-i18next'
import { ForgotPasswordForm } from '@/features/account/ForgotPasswordForm'
import { AccountFrame } from './AccountFrame'

export function ForgotPasswordPage() {
  const { t } = useTranslation()
  return (
    <AccountFrame title={t('account.forgotTitle')} hint={t('account.forgotHint')}>
      <ForgotPasswordForm />
    </AccountFrame>
  )
}
