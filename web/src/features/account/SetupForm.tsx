import { useMutation } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { setUpShop } from '@/api/account'
import { formSecret, formText } from '@/lib/formText'
import { TextField } from '@/ui/Field'
import { useFieldErrors } from '@/ui/problemText'
import { AccountForm } from './AccountForm'
import { PasswordField } from './PasswordField'

/** Makes the first administrator; the code proves that whoever asks can read the server's terminal. */
export function SetupForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation()
  const action = useMutation({ mutationFn: setUpShop, onSuccess: onDone })
  const errorAt = useFieldErrors(action.error)
  return (
    <AccountForm
      action={action}
      submitLabel={t('setup.submit')}
      onSubmit={(form) =>
        action.mutate({
          code: formText(form, 'code'),
          name: formText(form, 'name'),
          email: formText(form, 'email'),
          password: formSecret(form, 'password'),
        })
      }
    >
      <TextField
        name="code"
        label={t('setup.code')}
        hint={t('setup.codeHint')}
        autoComplete="off"
        required
        error={errorAt('code')}
      />
      <TextField name="name" label={t('account.name')} autoComplete="name" required error={errorAt('name')} />
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
