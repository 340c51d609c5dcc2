import { useTranslation } from 'react-i18next'
import { NoticeList } from '@/features/notices/NoticeList'
import { PageTitle } from '@/ui/PageTitle'

export function StaffNoticesPage() {
  const { t } = useTranslation()
  return (
    <>
      <PageTitle title={t('notices.title')} />
      <NoticeList />
    </>
  )
}
