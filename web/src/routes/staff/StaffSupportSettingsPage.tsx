import { useTranslation } from 'react-i18next'
import { useSession } from '@/api/session'
import { CannedReplies } from '@/features/supportSettings/CannedReplies'
import { SupportForm } from '@/features/supportSettings/SupportForm'
import { PageTitle } from '@/ui/PageTitle'

export function StaffSupportSettingsPage() {
  const { t } = useTranslation()
  const { user } = useSession()
  return (
    <>
      <PageTitle title={t('supportSettings.title')} />
      <CannedReplies />
      {user?.role === 'admin' && <SupportForm />}
    </>
  )
}
