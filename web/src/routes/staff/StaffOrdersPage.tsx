import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { StaffOrderList } from '@/features/orders/StaffOrderList'
import { statuses } from '@/features/orders/status'
import { SelectField, TextField } from '@/ui/Field'
import { PageTitle } from '@/ui/PageTitle'
import { useUrlText } from './useUrlText'

export function StaffOrdersPage() {
  const { t } = useTranslation()
  const [params, setParams] = useSearchParams()
  const search = useUrlText('q')
  const status = statuses.find((each) => each === params.get('status')) ?? ''

  const chooseStatus = (chosen: string) =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before)
        if (chosen === '') next.delete('status')
        else next.set('status', chosen)
        return next
      },
      { replace: true },
    )

  return (
    <>
      <PageTitle title={t('staff.orders.title')} />
      <search className="staff-filter">
        <TextField
          type="search"
          label={t('staff.orders.search')}
          value={search.draft}
          onChange={(event) => search.setDraft(event.target.value)}
        />
        <SelectField
          label={t('staff.orders.status')}
          value={status}
          onChange={(event) => chooseStatus(event.target.value)}
        >
          <option value="">{t('staff.orders.anyStatus')}</option>
          {statuses.map((each) => (
            <option key={each} value={each}>
              {t(`orders.status.${each}`)}
            </option>
          ))}
        </SelectField>
      </search>
      <StaffOrderList filter={{ status, q: search.settled }} />
    </>
  )
}
