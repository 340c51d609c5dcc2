import { useMutation } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'
import { signOut } from '@/api/account'
import { useSession } from '@/api/session'
import { PasswordForm } from '@/features/account/PasswordForm'
import { ProfileForm } from '@/features/account/ProfileForm'
import { SessionList } from '@/features/account/SessionList'
import { VerificationReminder } from '@/features/account/EmailVerification'
import { forgetAddress } from '@/features/checkout/rememberedAddress'
import { Button, ButtonLink } from '@/ui/Button'
import { Notice, ProblemNotice } from '@/ui/Notice'
import { PageTitle } from '@/ui/PageTitle'

export function AccountPage() {
  const { t, i18n } = useTranslation()
  const { user } = useSession()
  if (!user) return null
  const isStaff = user.role === 'staff' || user.role === 'admin'
  return (
    <div className="page page-medium stack stack-loose">
      <header className="row row-apart">
        <div>
          <PageTitle title={t('account.title')} />
          {user.email && <bdi className="ltr muted">{user.email}</bdi>}
        </div>
        <div className="row">
          {isStaff && (
            <ButtonLink to="/staff/orders" look="quiet">
              {t('staff.title')}
            </ButtonLink>
          )}
          <SignOutButton />
        </div>
      </header>
      {user.role === 'guest' && (
        <Notice tone="warm">
          <p>{t('account.guest')}</p>
          <Link to="/sign-up?to=/account">{t('account.signUp')}</Link>
        </Notice>
      )}
      {user.role !== 'guest' && !user.emailVerified && user.email && <VerificationReminder email={user.email} />}
      <section className="card stack">
        <h2>{t('account.profile')}</h2>
        <ProfileForm user={user} onLocaleChosen={(locale) => void i18n.changeLanguage(locale)} />
      </section>
      {user.role !== 'guest' && (
        <section className="card stack">
          <h2>{t('account.changePassword')}</h2>
          <PasswordForm />
        </section>
      )}
      <section className="card stack">
        <h2>{t('account.sessions')}</h2>
        <SessionList />
      </section>
    </div>
  )
}

function SignOutButton() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const action = useMutation({
    mutationFn: signOut,
    onSuccess: () => {
      forgetAddress()
      return navigate('/')
    },
  })
  return (
    <>
      <Button look="quiet" busy={action.isPending} onClick={() => action.mutate()}>
        {t('account.signOut')}
      </Button>
      <ProblemNotice error={action.error} />
    </>
  )
}
