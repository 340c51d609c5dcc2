import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { useSession } from '@/api/session'
import { EmailVerification } from '@/features/account/EmailVerification'
import { ButtonLink } from '@/ui/Button'
import { LoadingBlocks } from '@/ui/Feedback'
import { AccountFrame } from './AccountFrame'

export function VerifyEmailPage() {
  const { t } = useTranslation()
  const [params] = useSearchParams()
  const { status } = useSession()
  return (
    <AccountFrame title={t('account.verifyTitle')}>
      {status === 'starting' ? <LoadingBlocks count={1} /> : <EmailVerification token={params.get('token') ?? ''} />}
      <ButtonLink to="/" look="quiet">
        {t('cart.goShopping')}
      </ButtonLink>
    </AccountFrame>
  )
}
