import { useTranslation } from 'react-i18next'
import type { Order } from '@/api/types'
import { formatMoment } from '@/lib/dates'
import { useLocale } from '@/lib/useLocale'
import { useStream } from '@/realtime/hooks'
import { Icon } from '@/ui/Icon'
import { timelineOf, type Step } from './timeline'

export function Timeline({ order }: { order: Order }) {
  const { t } = useTranslation()
  const entries = useStream(`order:${order.id}`).data?.entries ?? []
  const steps = timelineOf(entries, order)
  return (
    <section className="card stack" aria-label={t('orders.timeline')}>
      <h2>{t('orders.timeline')}</h2>
      <ol className="timeline" aria-live="polite">
        {steps.map((step, position) => (
          <TimelineStep key={position} step={step} />
        ))}
      </ol>
    </section>
  )
}

function TimelineStep({ step }: { step: Step }) {
  const { t } = useTranslation()
  const locale = useLocale()
  const isSetback = step.kind === 'status' && ['cancelled', 'returned'].includes(step.status)
  return (
    <li className="timeline-step" data-state={step.at === null ? 'ahead' : isSetback ? 'setback' : 'done'}>
      <span className="timeline-dot">
        {step.at !== null && <Icon name={isSetback ? 'cross' : 'check'} size={14} />}
      </span>
      <div>
        <p className="timeline-title">
          {step.kind === 'status' ? t(`orders.status.${step.status}`) : t(`payment.status.${step.payment}`)}
          {step.at === null && <span className="visually-hidden"> ({t('orders.ahead')})</span>}
        </p>
        {step.at !== null && (
          <p className="muted small">
            <time dateTime={step.at}>{formatMoment(step.at, locale)}</time>
          </p>
        )}
        {step.kind === 'status' && step.tracking && (
          <p className="small">
            {t('orders.tracking')}: <bdi className="ltr">{step.tracking}</bdi>
          </p>
        )}
        {step.kind === 'status' && step.reason && <p className="small">{step.reason}</p>}
      </div>
    </li>
  )
}
