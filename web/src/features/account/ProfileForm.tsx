import { useMutation } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { changeProfile } from '@/api/account'
import type { User } from '@/api/types'
import { formText } from '@/lib/formText'
import { isLocale, type Locale } from '@/lib/locale'
import { SelectField, TextField } from '@/ui/Field'
import { useFieldErrors } from '@/ui/problemText'
import { useToast } from '@/ui/Toasts'
import { AccountForm } from './AccountForm'

interface ProfileProps {
  user: User
  onLocaleChosen: (locale: Locale) => void
}

export function ProfileForm({ user, onLocaleChosen }: ProfileProps) {
  const { t } = useTranslation()
  const toast = useToast()
  const action = useMutation({
    mutationFn: (change: { name: string; locale: Locale }) => changeProfile(change),
    onSuccess: (_, { locale }) => {
      onLocaleChosen(locale)
      toast({ text: t('account.saved') })
    },
  })
  const errorAt = useFieldErrors(action.error)
  return (
    <AccountForm
      action={action}
      submitLabel={t('account.save')}
      onSubmit={(form) => {
        const locale = formText(form, 'locale')
        action.mutate({ name: formText(form, 'name'), locale: isLocale(locale) ? locale : user.locale })
      }}
    >
      <TextField
        name="name"
        label={t('account.name')}
        autoComplete="name"
        defaultValue={user.name}
        required
        error={errorAt('name')}
      />
      <SelectField
        key={user.locale}
        name="locale"
        label={t('account.locale')}
        hint={t('account.localeHint')}
        defaultValue={user.locale}
      >
        <option value="ar" lang="ar">
          العربية
        </option>
        <option value="en" lang="en">
          English
        </option>
      </SelectField>
    </AccountForm>
  )
}
