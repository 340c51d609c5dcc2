import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { keys } from '@/api/keys'
import { importProducts, type ImportOptions } from '@/api/products'
import { Button } from '@/ui/Button'
import { ProblemNotice } from '@/ui/Notice'
import { ImportReportView } from './ImportReportView'
import './inventory.css'

/** A product file is tried first; only a file that was tried can be imported. */
export function ImportPanel() {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [file, setFile] = useState<File | null>(null)
  const [withStock, setWithStock] = useState(false)
  const action = useMutation({
    mutationFn: ({ source, options }: { source: File; options: ImportOptions }) => importProducts(source, options),
    onSuccess: (report) => (report.dryRun ? undefined : queries.invalidateQueries({ queryKey: keys.products })),
  })

  const run = (dryRun: boolean) => {
    if (file) action.mutate({ source: file, options: { dryRun, stock: withStock } })
  }
  const choose = (chosen: File | null) => {
    setFile(chosen)
    action.reset()
  }
  const isTried = action.data?.dryRun === true
  return (
    <details className="card import">
      <summary>{t('import.title')}</summary>
      <div className="stack">
        <p className="muted">{t('import.hint')}</p>
        <div className="field">
          <label className="field-label" htmlFor="import-file">
            {t('import.file')}
          </label>
          <input
            id="import-file"
            className="input"
            type="file"
            accept=".csv,text/csv"
            onChange={(event) => choose(event.target.files?.[0] ?? null)}
          />
        </div>
        <label className="row">
          <input
            type="checkbox"
            checked={withStock}
            onChange={(event) => {
              setWithStock(event.target.checked)
              action.reset()
            }}
          />
          {t('import.withStock')}
        </label>
        <div className="row">
          <Button
            look="quiet"
            disabled={!file}
            busy={action.isPending && action.variables.options.dryRun}
            onClick={() => run(true)}
          >
            {t('import.try')}
          </Button>
          <Button
            disabled={!isTried}
            busy={action.isPending && !action.variables.options.dryRun}
            onClick={() => run(false)}
          >
            {t('import.run')}
          </Button>
        </div>
        {action.isPending && (
          <p role="status" className="stack stack-tight">
            {t(action.variables.options.dryRun ? 'import.trying' : 'import.running', {
              file: action.variables.source.name,
            })}
            <progress className="import-progress" aria-label={t('import.progress')} />
          </p>
        )}
        <ProblemNotice error={action.error} />
        {action.data && <ImportReportView report={action.data} />}
      </div>
    </details>
  )
}
