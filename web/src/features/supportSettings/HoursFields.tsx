import { useTranslation } from 'react-i18next'
import type { OpenHours } from '@/api/types'
import { languageTag } from '@/lib/locale'
import { useLocale } from '@/lib/useLocale'
import { Button } from '@/ui/Button'
import { Icon } from '@/ui/Icon'
import './settings.css'

const days = [1, 2, 3, 4, 5, 6, 7]
/** A Monday, from which the names of the days are taken. */
const monday = Date.UTC(2024, 0, 1)
const dayMs = 24 * 60 * 60_000
/** A clock's field knows no 24:00. */
const midnight = '00:00'
const dayEnd = '24:00'

interface HoursProps {
  hours: OpenHours[]
  onChange: (hours: OpenHours[]) => void
}

/** Any number of openings; a day may have two, with a break between them. */
export function HoursFields({ hours, onChange }: HoursProps) {
  const { t } = useTranslation()
  const change = (position: number, part: Partial<OpenHours>) =>
    onChange(hours.map((each, index) => (index === position ? { ...each, ...part } : each)))
  const nextDay = days.find((day) => !hours.some((each) => each.day === day)) ?? 1
  return (
    <div className="stack stack-tight">
      {hours.length === 0 && <p>{t('supportSettings.always')}</p>}
      <ul className="stack stack-tight">
        {hours.map((opening, position) => (
          <li key={position}>
            <HoursRow
              opening={opening}
              onChange={(part) => change(position, part)}
              onRemove={() => onChange(hours.filter((_, index) => index !== position))}
            />
          </li>
        ))}
      </ul>
      <div className="row">
        <Button
          look="quiet"
          size="small"
          onClick={() => onChange([...hours, { day: nextDay, from: '09:00', to: '17:00' }])}
        >
          {t('supportSettings.addHours')}
        </Button>
      </div>
    </div>
  )
}

interface RowProps {
  opening: OpenHours
  onChange: (part: Partial<OpenHours>) => void
  onRemove: () => void
}

function HoursRow({ opening, onChange, onRemove }: RowProps) {
  const { t } = useTranslation()
  const locale = useLocale()
  const format = new Intl.DateTimeFormat(languageTag(locale), { weekday: 'long', timeZone: 'UTC' })
  return (
    <div className="hours-row">
      <select
        className="input"
        aria-label={t('supportSettings.day')}
        value={opening.day}
        onChange={(event) => onChange({ day: Number(event.target.value) })}
      >
        {days.map((day) => (
          <option key={day} value={day}>
            {format.format(monday + (day - 1) * dayMs)}
          </option>
        ))}
      </select>
      <input
        className="input"
        type="time"
        required
        aria-label={t('supportSettings.from')}
        value={opening.from}
        onChange={(event) => onChange({ from: event.target.value })}
      />
      <span aria-hidden="true">–</span>
      <input
        className="input"
        type="time"
        required
        aria-label={t('supportSettings.to')}
        value={opening.to === dayEnd ? midnight : opening.to}
        onChange={({ target: { value } }) => onChange({ to: value === midnight ? dayEnd : value })}
      />
      <Button look="plain" size="small" aria-label={t('supportSettings.removeHours')} onClick={onRemove}>
        <Icon name="trash" />
      </Button>
    </div>
  )
}
