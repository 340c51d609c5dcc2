import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { changePassword } from '@/api/account'
import { keys } from '@/api/keys'
import { formSecret } from '@/lib/formText'
import { useFieldErrors } from '@/ui/problemText'
import { useToast } from '@/ui/Toasts'
import { AccountForm } from './AccountForm'
import { PasswordField } from './PasswordField'

export function PasswordForm() {
  const { t } = useTranslation()
  const toast = useToast()
  const queries = useQueryClient()
  const frame = useRef<HTMLDivElement>(null)
  const action = useMutation({
    mutationFn: ({ current, next }: { current: string; next: string }) => changePassword(current, next),
    onSuccess: () => {
      frame.current?.querySelector('form')?.reset()
      toast({ text: t('account.passwordChanged') })
      return queries.invalidateQueries({ queryKey: keys.sessions })
    },
  })
  const errorAt = useFieldErrors(action.error)
  return (
    <div ref={frame}>
      <AccountForm
        action={action}
        submitLabel={t('account.changePassword')}
        onSubmit={(form) => action.mutate({ current: formSecret(form, 'current'), next: formSecret(form, 'next') })}
      >
        <PasswordField name="current" label={t('account.currentPassword')} error={errorAt('currentPassword')} />
        <PasswordField name="next" label={t('account.newPassword')} isNew error={errorAt('newPassword')} />
      </AccountForm>
    </div>
  )
}
