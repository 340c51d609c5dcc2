import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { MailList } from '@/features/mailbox/MailList'
import { MailView } from '@/features/mailbox/MailView'
import { PageTitle } from '@/ui/PageTitle'

export function StaffMailsPage() {
  const { t } = useTranslation()
  const { id } = useParams()
  return (
    <>
      <PageTitle title={t('mails.title')} />
      <div className="mailbox" data-open={id !== undefined}>
        <div className="mail-list-pane">
          <MailList selectedId={id} />
        </div>
        {id !== undefined && (
          <div className="stack">
            <Link to="/staff/mails">{t('mails.all')}</Link>
            <MailView key={id} id={id} />
          </div>
        )}
      </div>
    </>
  )
}
