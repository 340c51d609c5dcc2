import { useMutation } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { signIn } from '@/api/account'
import { formSecret, formText } from '@/lib/formText'
import { TextField } from '@/ui/Field'
import { useFieldErrors } from '@/ui/problemText'
import { AccountForm } from './AccountForm'
import { PasswordField } from './PasswordField'

export function SignInForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation()
  const action = useMutation({ mutationFn: signIn, onSuccess: onDone })
  const errorAt = useFieldErrors(action.error)
  return (
    <AccountForm
      action={action}
      submitLabel={t('account.signIn')}
      onSubmit={(form) => action.mutate({ email: formText(form, 'email'), password: formSecret(form, 'password') })}
    >
      <TextField
        name="email"
        type="email"
        label={t('account.email')}
        autoComplete="email"
        required
        error={errorAt('email')}
      />
      <PasswordField name="password" label={t('account.password')} error={errorAt('password')} />
      <p className="small">
        <Link to="/forgot-password">{t('account.forgot')}</Link>
      </p>
    </AccountForm>
  )
}
