import { useTranslation } from 'react-i18next'
import { TextField } from '@/ui/Field'

interface PasswordProps {
  name: string
  label: string
  isNew?: boolean
  error?: string | undefined
}

const shortest = 8

export function PasswordField({ name, label, isNew = false, error }: PasswordProps) {
  const { t } = useTranslation()
  return (
    <TextField
      name={name}
      type="password"
      label={label}
      required
      minLength={isNew ? shortest : undefined}
      autoComplete={isNew ? 'new-password' : 'current-password'}
      hint={isNew ? t('account.passwordHint', { count: shortest }) : undefined}
      error={error}
    />
  )
}
