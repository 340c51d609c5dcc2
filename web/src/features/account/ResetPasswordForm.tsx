import { useMutation } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { resetPassword } from '@/api/account'
import { formSecret } from '@/lib/formText'
import { useFieldErrors } from '@/ui/problemText'
import { AccountForm } from './AccountForm'
import { PasswordField } from './PasswordField'

export function ResetPasswordForm({ token, onDone }: { token: string; onDone: () => void }) {
  const { t } = useTranslation()
  const action = useMutation({ mutationFn: (password: string) => resetPassword(token, password), onSuccess: onDone })
  const errorAt = useFieldErrors(action.error)
  return (
    <AccountForm
      action={action}
      submitLabel={t('account.resetSubmit')}
      onSubmit={(form) => action.mutate(formSecret(form, 'password'))}
    >
      <PasswordField name="password" label={t('account.newPassword')} isNew error={errorAt('password')} />
    </AccountForm>
  )
}
