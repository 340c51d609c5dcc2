import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { endOtherSessions, endSession, listSessions } from '@/api/account'
import { keys } from '@/api/keys'
import type { Session } from '@/api/types'
import { formatMoment } from '@/lib/dates'
import { useLocale } from '@/lib/useLocale'
import { Badge } from '@/ui/Badge'
import { Button } from '@/ui/Button'
import { LoadFailure, LoadingBlocks } from '@/ui/Feedback'
import { ProblemNotice } from '@/ui/Notice'
import { deviceName } from './deviceName'

export function SessionList() {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const query = useQuery({ queryKey: keys.sessions, queryFn: ({ signal }) => listSessions(signal) })
  const end = useMutation({
    mutationFn: (id: string | null) => (id === null ? endOtherSessions() : endSession(id)),
    onSettled: () => queries.invalidateQueries({ queryKey: keys.sessions }),
  })

  if (query.isPending) return <LoadingBlocks count={1} />
  if (query.isError) return <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
  const sessions = query.data.items
  return (
    <div className="stack">
      <ProblemNotice error={end.error} />
      <ul className="stack">
        {sessions.map((session) => (
          <li key={session.id} className="row row-apart">
            <SessionFacts session={session} />
            {!session.current && (
              <Button
                look="quiet"
                size="small"
                busy={end.isPending && end.variables === session.id}
                onClick={() => end.mutate(session.id)}
              >
                {t('account.endSession')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {sessions.length > 1 && (
        <Button look="danger" busy={end.isPending && end.variables === null} onClick={() => end.mutate(null)}>
          {t('account.endOthers')}
        </Button>
      )}
    </div>
  )
}

function SessionFacts({ session }: { session: Session }) {
  const { t } = useTranslation()
  const locale = useLocale()
  return (
    <div>
      <p className="row">
        <bdi>{deviceName(session.userAgent) ?? t('account.unknownDevice')}</bdi>
        {session.current && <Badge tone="good">{t('account.thisDevice')}</Badge>}
      </p>
      <p className="muted small">
        {session.address && <bdi className="ltr">{session.address} · </bdi>}
        {t('account.lastSeen', { at: formatMoment(session.lastSeenAt, locale) })}
      </p>
    </div>
  )
}
