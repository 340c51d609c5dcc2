import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from './Button'
import { Icon, type IconName } from './Icon'
import { useProblemText } from './problemText'

export function EmptyState({ icon, title, children }: { icon: IconName; title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <div className="empty-frame">
        <Icon name={icon} size={34} />
      </div>
      <h2>{title}</h2>
      {children}
    </div>
  )
}

/** A part of the page that could not be read, with the way to try once more. */
export function LoadFailure({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { t } = useTranslation()
  const textOf = useProblemText()
  return (
    <EmptyState icon="alert" title={t('failure.title')}>
      <p className="muted" role="alert">
        {textOf(error)}
      </p>
      <Button look="quiet" onClick={onRetry}>
        {t('failure.retry')}
      </Button>
    </EmptyState>
  )
}

/** Grey shapes while the first answer is on its way. */
export function LoadingBlocks({ count = 3 }: { count?: number }) {
  const { t } = useTranslation()
  return (
    <div className="stack" role="status" aria-label={t('loading')}>
      {Array.from({ length: count }, (_, index) => (
        <span key={index} className="skeleton skeleton-block" />
      ))}
    </div>
  )
}

interface MoreProps {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown }
}

export function LoadMore({ query }: MoreProps) {
  const { t } = useTranslation()
  if (!query.hasNextPage) return null
  return (
    <div className="row load-more">
      <Button look="quiet" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        {t('loadMore')}
      </Button>
    </div>
  )
}
