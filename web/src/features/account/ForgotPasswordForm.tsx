import { useMutation } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { askPasswordReset } from '@/api/account'
import { formText } from '@/lib/formText'
import { TextField } from '@/ui/Field'
import { Notice } from '@/ui/Notice'
import { useFieldErrors } from '@/ui/problemText'
import { AccountForm } from './AccountForm'

export function ForgotPasswordForm() {
  const { t } = useTranslation()
  const action = useMutation({ mutationFn: askPasswordReset })
  const errorAt = useFieldErrors(action.error)
  if (action.isSuccess) {
    return (
      <Notice tone="good" isUrgent>
        <p>{t('account.forgotSent')}</p>
      </Notice>
    )
  }
  return (
    <AccountForm
      action={action}
      submitLabel={t('account.forgotSubmit')}
      onSubmit={(form) => action.mutate(formText(form, 'email'))}
    >
      <TextField
        name="email"
        type="email"
        label={t('account.email')}
        autoComplete="email"
        required
        error={errorAt('email')}
      />
    </AccountForm>
  )
}
