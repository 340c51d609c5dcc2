import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { keys } from '@/api/keys'
import { listMails } from '@/api/operations'
import { formatMoment } from '@/lib/dates'
import { asProblem } from '@/lib/problem'
import { useLocale } from '@/lib/useLocale'
import { EmptyState, LoadFailure, LoadingBlocks, LoadMore } from '@/ui/Feedback'
import './mailbox.css'

const pollMs = 5000

export function MailList({ selectedId }: { selectedId: string | undefined }) {
  const { t } = useTranslation()
  const locale = useLocale()
  const query = useInfiniteQuery({
    queryKey: keys.mails,
    queryFn: ({ pageParam, signal }) => listMails(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    refetchInterval: (state) => (state.state.error ? false : pollMs),
  })
  if (query.isPending) return <LoadingBlocks />
  if (query.isError) {
    // The shop hands its mails to a real mail server, so there is nothing to look at here.
    if (asProblem(query.error).status === 404) return <EmptyState icon="mail" title={t('mails.elsewhere')} />
    return <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
  }
  const mails = query.data.pages.flatMap((page) => page.items)
  if (mails.length === 0) return <EmptyState icon="mail" title={t('mails.none')} />
  return (
    <div>
      <ul className="mail-list">
        {mails.map((mail) => (
          <li key={mail.id}>
            <Link
              to={`/staff/mails/${encodeURIComponent(mail.id)}`}
              aria-current={mail.id === selectedId ? 'true' : undefined}
            >
              <strong>{mail.subject}</strong>
              <bdi className="ltr small">{mail.to}</bdi>
              <span className="muted small">{formatMoment(mail.at, locale)}</span>
            </Link>
          </li>
        ))}
      </ul>
      <LoadMore query={query} />
    </div>
  )
}
