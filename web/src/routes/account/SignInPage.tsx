import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { SignInForm } from '@/features/account/SignInForm'
import { AccountFrame } from './AccountFrame'
import { useReturn } from './useReturn'

export function SignInPage() {
  const { t } = useTranslation()
  const { goBack, query } = useReturn()
  return (
    <AccountFrame title={t('account.signInTitle')}>
      <SignInForm onDone={goBack} />
      <p>
        {t('account.noAccount')} <Link to={`/sign-up${query}`}>{t('account.signUp')}</Link>
      </p>
    </AccountFrame>
  )
}
