import { useTranslation } from 'react-i18next'
import { useSession } from '@/api/session'
import { ImportPanel } from '@/features/inventory/ImportPanel'
import { StockList } from '@/features/inventory/StockList'
import { TextField } from '@/ui/Field'
import { PageTitle } from '@/ui/PageTitle'
import { useUrlText } from './useUrlText'

export function StaffProductsPage() {
  const { t } = useTranslation()
  const { user } = useSession()
  const search = useUrlText('q')
  const isAdmin = user?.role === 'admin'
  return (
    <>
      <PageTitle title={t('inventory.title')} />
      {isAdmin && <ImportPanel />}
      <search>
        <TextField
          type="search"
          label={t('inventory.search')}
          value={search.draft}
          onChange={(event) => search.setDraft(event.target.value)}
        />
      </search>
      <StockList q={search.settled} canMove={isAdmin} />
    </>
  )
}
