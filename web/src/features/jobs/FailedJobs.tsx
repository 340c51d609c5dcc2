import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { keys } from '@/api/keys'
import { listFailedJobs, retryJob } from '@/api/operations'
import type { Job } from '@/api/types'
import { formatMoment } from '@/lib/dates'
import { useLocale } from '@/lib/useLocale'
import { Button } from '@/ui/Button'
import { EmptyState, LoadFailure, LoadingBlocks, LoadMore } from '@/ui/Feedback'
import { ProblemNotice } from '@/ui/Notice'
import { useToast } from '@/ui/Toasts'
import './jobs.css'

const pollMs = 10_000

export function FailedJobs() {
  const { t } = useTranslation()
  const query = useInfiniteQuery({
    queryKey: keys.jobs,
    queryFn: ({ pageParam, signal }) => listFailedJobs(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    refetchInterval: pollMs,
  })
  if (query.isPending) return <LoadingBlocks />
  if (query.isError) return <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
  const jobs = query.data.pages.flatMap((page) => page.items)
  if (jobs.length === 0) {
    return (
      <EmptyState icon="check" title={t('jobs.none')}>
        <p className="muted">{t('jobs.noneHint')}</p>
      </EmptyState>
    )
  }
  return (
    <>
      <ul className="stack">
        {jobs.map((job) => (
          <JobCard key={job.id} job={job} />
        ))}
      </ul>
      <LoadMore query={query} />
    </>
  )
}

function JobCard({ job }: { job: Job }) {
  const { t } = useTranslation()
  const locale = useLocale()
  const toast = useToast()
  const queries = useQueryClient()
  const action = useMutation({
    mutationFn: () => retryJob(job.id),
    onSuccess: () => toast({ text: t('jobs.retried') }),
    onSettled: () => queries.invalidateQueries({ queryKey: keys.jobs }),
  })
  return (
    <li className="card stack stack-tight">
      <div className="row row-apart">
        <bdi className="ltr job-kind">{job.kind}</bdi>
        <Button look="quiet" size="small" busy={action.isPending} onClick={() => action.mutate()}>
          {t('jobs.retry')}
        </Button>
      </div>
      <p className="muted small">
        {t('jobs.attempts', { count: job.attempts })} · {formatMoment(job.finishedAt ?? job.createdAt, locale)}
      </p>
      {job.error && (
        <pre className="job-error" dir="ltr">
          {job.error}
        </pre>
      )}
      {job.traceId && (
        <p className="muted small">
          {t('jobs.trace')}: <bdi className="ltr job-trace">{job.traceId}</bdi>
        </p>
      )}
      <ProblemNotice error={action.error} />
    </li>
  )
}
