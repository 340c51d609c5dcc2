import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { keys } from '@/api/keys'
import { getMail } from '@/api/operations'
import type { Mail } from '@/api/types'
import { Button } from '@/ui/Button'
import { LoadFailure, LoadingBlocks } from '@/ui/Feedback'
import { applyMailStyles, withInertStyles } from './mailDocument'
import './mailbox.css'

export function MailView({ id }: { id: string }) {
  const query = useQuery({ queryKey: keys.mail(id), queryFn: ({ signal }) => getMail(id, signal), staleTime: Infinity })
  if (query.isPending) return <LoadingBlocks count={2} />
  if (query.isError) return <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
  return <MailCard mail={query.data} />
}

function MailCard({ mail }: { mail: Mail }) {
  const { t } = useTranslation()
  const [asText, setAsText] = useState(mail.html === '')
  return (
    <article className="card stack mail">
      <header className="stack stack-tight">
        <h2>{mail.subject}</h2>
        <p className="row row-apart small">
          <bdi className="ltr muted">{mail.to}</bdi>
          {mail.orderId && <Link to={`/staff/orders/${mail.orderId}`}>{t('mails.toOrder')}</Link>}
        </p>
      </header>
      <div className="row">
        <Button look="quiet" size="small" aria-pressed={asText} onClick={() => setAsText(!asText)}>
          {t(asText ? 'mails.showHtml' : 'mails.showText')}
        </Button>
      </div>
      {asText ? (
        <pre className="mail-text" dir="auto">
          {mail.text}
        </pre>
      ) : (
        <MailFrame html={mail.html} />
      )}
    </article>
  )
}

/** Another's HTML: no scripts, no forms, no way to this page; links open in a tab of their own. */
function MailFrame({ html }: { html: string }) {
  const { t } = useTranslation()
  const source = useMemo(() => withInertStyles(html), [html])
  return (
    <iframe
      className="mail-frame"
      title={t('mails.content')}
      sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"
      srcDoc={source}
      onLoad={(event) => applyMailStyles(event.currentTarget.contentDocument)}
    />
  )
}
