import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { SignUpForm } from '@/features/account/SignUpForm'
import { AccountFrame } from './AccountFrame'
import { useReturn } from './useReturn'

export function SignUpPage() {
  const { t } = useTranslation()
  const { goBack, query } = useReturn()
  return (
    <AccountFrame title={t('account.signUpTitle')} hint={t('account.signUpHint')}>
      <SignUpForm onDone={goBack} />
      <p>
        {t('account.haveAccount')} <Link to={`/sign-in${query}`}>{t('account.signIn')}</Link>
      </p>
    </AccountFrame>
  )
}
