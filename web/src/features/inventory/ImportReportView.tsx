import { useTranslation } from 'react-i18next'
import type { ImportReport } from '@/api/types'
import { Notice } from '@/ui/Notice'

/** A very broken file has thousands of faults; the first ones say enough. */
const mostIssues = 50

export function ImportReportView({ report }: { report: ImportReport }) {
  const { t } = useTranslation()
  const counts = (['created', 'updated', 'unchanged'] as const).map((kind) => ({
    kind,
    products: report.products[kind],
    variants: report.variants[kind],
  }))
  return (
    <div className="stack" role="status">
      <Notice tone={report.errors.length > 0 ? 'warm' : 'good'}>
        <p>{t(report.dryRun ? 'import.tried' : 'import.done', { count: report.rows })}</p>
      </Notice>
      <table className="import-counts">
        <thead>
          <tr>
            <td />
            <th scope="col">{t('import.products')}</th>
            <th scope="col">{t('import.variants')}</th>
          </tr>
        </thead>
        <tbody>
          {counts.map(({ kind, products, variants }) => (
            <tr key={kind}>
              <th scope="row">{t(`import.${kind}`)}</th>
              <td>{products}</td>
              <td>{variants}</td>
            </tr>
          ))}
          <tr>
            <th scope="row">{t('import.removed')}</th>
            <td>—</td>
            <td>{report.variants.removed}</td>
          </tr>
        </tbody>
      </table>
      <Issues title={t('import.errors', { count: report.errors.length })} issues={report.errors} />
      <Issues title={t('import.warnings', { count: report.warnings.length })} issues={report.warnings} />
    </div>
  )
}

function Issues({ title, issues }: { title: string; issues: ImportReport['errors'] }) {
  const { t } = useTranslation()
  if (issues.length === 0) return null
  return (
    <section className="stack stack-tight">
      <h3>{title}</h3>
      <ul className="import-issues small">
        {issues.slice(0, mostIssues).map((issue, position) => (
          <li key={position}>
            <strong>{t('import.line', { line: issue.line })}</strong> {issue.detail}
          </li>
        ))}
      </ul>
      {issues.length > mostIssues && (
        <p className="muted small">{t('import.moreIssues', { count: issues.length - mostIssues })}</p>
      )}
    </section>
  )
}
