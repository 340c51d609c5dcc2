import { useMutation, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { refreshProfile, resendVerification, verifyEmail } from '@/api/account'
import { sessionUser } from '@/api/session'
import { Button } from '@/ui/Button'
import { LoadingBlocks } from '@/ui/Feedback'
import { Notice, ProblemNotice } from '@/ui/Notice'
import { useToast } from '@/ui/Toasts'

/** Confirms the address named by a mailed link, once, as soon as the link is opened. */
export function EmailVerification({ token }: { token: string }) {
  const { t } = useTranslation()
  const query = useQuery({
    // A query rather than an effect: it runs once, even when the page is mounted twice.
    queryKey: ['email-verification', token],
    queryFn: async () => {
      await verifyEmail(token)
      if (sessionUser()) await refreshProfile()
      return true
    },
    staleTime: Infinity,
    retry: false,
  })
  if (query.isPending) return <LoadingBlocks count={1} />
  if (query.isError) return <ProblemNotice error={query.error} />
  return (
    <Notice tone="good" isUrgent>
      <p>{t('account.verified')}</p>
    </Notice>
  )
}

export function VerificationReminder({ email }: { email: string }) {
  const { t } = useTranslation()
  const toast = useToast()
  const action = useMutation({
    mutationFn: resendVerification,
    onSuccess: () => toast({ text: t('account.verificationSent') }),
  })
  return (
    <Notice tone="warm">
      <p>
        {t('account.unverified')} <bdi className="ltr">{email}</bdi>
      </p>
      <div className="row">
        <Button look="quiet" size="small" busy={action.isPending} onClick={() => action.mutate()}>
          {t('account.resendVerification')}
        </Button>
      </div>
      <ProblemNotice error={action.error} />
    </Notice>
  )
}
