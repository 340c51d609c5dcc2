import { useTranslation } from 'react-i18next'
import { ButtonLink } from '@/ui/Button'
import { EmptyState } from '@/ui/Feedback'
import { PageTitle } from '@/ui/PageTitle'

export function NotFoundPage() {
  const { t } = useTranslation()
  return (
    <div className="page">
      <PageTitle title={t('notFound.title')} isHidden />
      <EmptyState icon="arch" title={t('notFound.title')}>
        <p className="muted">{t('notFound.hint')}</p>
        <ButtonLink to="/">{t('notFound.home')}</ButtonLink>
      </EmptyState>
    </div>
  )
}
