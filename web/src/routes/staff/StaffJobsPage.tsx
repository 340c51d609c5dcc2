import { useTranslation } from 'react-i18next'
import { FailedJobs } from '@/features/jobs/FailedJobs'
import { PageTitle } from '@/ui/PageTitle'

export function StaffJobsPage() {
  const { t } = useTranslation()
  return (
    <>
      <PageTitle title={t('jobs.title')} />
      <FailedJobs />
    </>
  )
}
