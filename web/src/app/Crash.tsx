import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { useRouteError } from 'react-router'
import { Problem } from '@/lib/problem'
import { Button } from '@/ui/Button'
import { EmptyState } from '@/ui/Feedback'

/** The last net: the shop cannot be reached at all, or something here is broken. Trying again starts from nothing. */
export function Crash() {
  const { t } = useTranslation()
  const error = useRouteError()
  const isAway = error instanceof Problem && error.isPassing
  useEffect(() => {
    if (!(error instanceof Problem)) console.error(error)
  }, [error])
  return (
    <main className="page">
      <EmptyState icon="alert" title={t(isAway ? 'crash.awayTitle' : 'crash.brokenTitle')}>
        <p className="muted" role="alert">
          {t(isAway ? 'crash.awayHint' : 'crash.brokenHint')}
        </p>
        <Button onClick={() => window.location.reload()}>{t('failure.retry')}</Button>
      </EmptyState>
    </main>
  )
}
