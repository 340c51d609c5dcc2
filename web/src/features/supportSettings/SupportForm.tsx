import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { changeSupport } from '@/api/conversations'
import { keys } from '@/api/keys'
import { useShop } from '@/api/shop'
import type { OpenHours, SupportChange } from '@/api/types'
import { formText } from '@/lib/formText'
import { Button } from '@/ui/Button'
import { TextArea, TextField } from '@/ui/Field'
import { ProblemNotice } from '@/ui/Notice'
import { useFieldErrors } from '@/ui/problemText'
import { useToast } from '@/ui/Toasts'
import { HoursFields } from './HoursFields'

/** When the shop answers, and what it says when it does not. */
export function SupportForm() {
  const { support: settings } = useShop()
  const { t } = useTranslation()
  const toast = useToast()
  const queries = useQueryClient()
  const [hours, setHours] = useState<OpenHours[]>(settings.hours)
  const action = useMutation({
    mutationFn: (form: FormData) => changeSupport({ ...settingsIn(form), hours }),
    onSuccess: () => {
      toast({ text: t('account.saved') })
      return queries.invalidateQueries({ queryKey: keys.shop })
    },
  })
  const errorAt = useFieldErrors(action.error)
  return (
    <form
      className="card stack"
      onSubmit={(event) => {
        event.preventDefault()
        action.mutate(new FormData(event.currentTarget))
      }}
    >
      <h2>{t('supportSettings.hours')}</h2>
      <p className="muted small">{t('supportSettings.hoursHint')}</p>
      <ProblemNotice error={action.error} />
      <HoursFields hours={hours} onChange={setHours} />
      <TextField
        name="timeZone"
        label={t('supportSettings.timeZone')}
        defaultValue={settings.timeZone}
        list="time-zones"
        error={errorAt('support.timeZone')}
        required
        dir="ltr"
      />
      <datalist id="time-zones">
        {Intl.supportedValuesOf('timeZone').map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
      <h2>{t('supportSettings.away')}</h2>
      <p className="muted small">{t('supportSettings.awayHint')}</p>
      <TextArea
        name="awayAr"
        label={t('supportSettings.awayAr')}
        defaultValue={settings.awayReply.ar ?? ''}
        dir="rtl"
      />
      <TextArea
        name="awayEn"
        label={t('supportSettings.awayEn')}
        defaultValue={settings.awayReply.en ?? ''}
        dir="ltr"
      />
      <TextField
        name="mailAfterMinutes"
        type="number"
        min={1}
        label={t('supportSettings.mailAfter')}
        hint={t('supportSettings.mailAfterHint')}
        defaultValue={settings.mailAfterMinutes ?? ''}
        error={errorAt('support.mailAfterMinutes')}
      />
      <div className="row">
        <Button type="submit" busy={action.isPending}>
          {t('account.save')}
        </Button>
      </div>
    </form>
  )
}

function settingsIn(form: FormData): Omit<SupportChange, 'hours'> {
  const minutes = formText(form, 'mailAfterMinutes')
  return {
    timeZone: formText(form, 'timeZone'),
    awayReply: { ar: formText(form, 'awayAr') || null, en: formText(form, 'awayEn') || null },
    mailAfterMinutes: minutes === '' ? null : Number(minutes),
  }
}
