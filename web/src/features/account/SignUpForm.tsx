import { useMutation } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { register, type NewAccount } from '@/api/account'
import { formSecret, formText } from '@/lib/formText'
import { useLocale } from '@/lib/useLocale'
import { TextField } from '@/ui/Field'
import { useFieldErrors } from '@/ui/problemText'
import { AccountForm } from './AccountForm'
import { PasswordField } from './PasswordField'

/** For strangers and for guests: a guest keeps the orders made before. */
export function SignUpForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation()
  const locale = useLocale()
  const action = useMutation({ mutationFn: (account: NewAccount) => register(account, locale), onSuccess: onDone })
  const errorAt = useFieldErrors(action.error)
  return (
    <AccountForm
      action={action}
      submitLabel={t('account.signUp')}
      onSubmit={(form) =>
        action.mutate({
          name: formText(form, 'name'),
          email: formText(form, 'email'),
          password: formSecret(form, 'password'),
        })
      }
    >
      <TextField
        name="name"
        label={t('account.name')}
        autoComplete="name"
        required
        maxLength={100}
        error={errorAt('name')}
      />
      <TextField
        name="email"
        type="email"
        label={t('account.email')}
        autoComplete="email"
        required
        error={errorAt('email')}
      />
      <PasswordField name="password" label={t('account.password')} isNew error={errorAt('password')} />
    </AccountForm>
  )
}
