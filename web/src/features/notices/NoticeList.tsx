import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { formatAgo } from '@/lib/dates'
import { useLocale } from '@/lib/useLocale'
import { useNow } from '@/lib/useNow'
import { live } from '@/realtime/live'
import { Button } from '@/ui/Button'
import { EmptyState, LoadFailure, LoadingBlocks } from '@/ui/Feedback'
import { Icon, type IconName } from '@/ui/Icon'
import { placeOf, type Notice } from './notices'
import { useNotices } from './useNotices'
import './notices.css'

const icons: Record<Notice['type'], IconName> = { low_stock: 'box', job_failed: 'alert', conversation_opened: 'chat' }

export function NoticeList() {
  const { t } = useTranslation()
  const { query, notices, mark, head } = useNotices()
  // What was unread when the page was opened stays marked while it is read.
  const [markBefore] = useState(mark)
  const now = useNow(60_000)

  useEffect(() => {
    const look = () => document.visibilityState === 'visible' && head > 0 && live().read('store', head)
    look()
    document.addEventListener('visibilitychange', look)
    return () => document.removeEventListener('visibilitychange', look)
  }, [head])

  if (query.isPending) return <LoadingBlocks />
  if (query.isError) return <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
  return (
    <>
      {notices.length === 0 ? (
        <EmptyState icon="bell" title={t('notices.none')}>
          <p className="muted">{t('notices.noneHint')}</p>
        </EmptyState>
      ) : (
        <ul className="notices" aria-live="polite">
          {notices.map((notice) => (
            <NoticeRow key={notice.seq} notice={notice} isNew={notice.seq > markBefore} now={now} />
          ))}
        </ul>
      )}
      {query.data.hasEarlier && <Earlier />}
    </>
  )
}

function Earlier() {
  const { t } = useTranslation()
  const [isBusy, setIsBusy] = useState(false)
  const load = async () => {
    setIsBusy(true)
    await live()
      .loadEarlier('store')
      .catch(() => undefined)
    setIsBusy(false)
  }
  return (
    <div className="row load-more">
      <Button look="quiet" busy={isBusy} onClick={() => void load()}>
        {t('notices.earlier')}
      </Button>
    </div>
  )
}

function NoticeRow({ notice, isNew, now }: { notice: Notice; isNew: boolean; now: number }) {
  const locale = useLocale()
  return (
    <li>
      <Link to={placeOf(notice)} className="notices-row" data-new={isNew}>
        <Icon name={icons[notice.type]} />
        <span>
          <NoticeText notice={notice} />
        </span>
        <time className="muted small" dateTime={notice.at}>
          {formatAgo(notice.at, now, locale)}
        </time>
      </Link>
    </li>
  )
}

function NoticeText({ notice: { type, data } }: { notice: Notice }) {
  const { t } = useTranslation()
  if (type === 'low_stock') return t('notices.lowStock', { count: Number(data['left']), title: String(data['title']) })
  if (type === 'conversation_opened') {
    return t('notices.conversationOpened', { name: String(data['name'] || t('notices.guest')) })
  }
  return (
    <>
      {t('notices.jobFailed')} <bdi className="ltr">{String(data['kind'])}</bdi>
    </>
  )
}
