import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { putCannedReply } from '@/api/conversations'
import { keys } from '@/api/keys'
import type { CannedReply } from '@/api/types'
import { formText } from '@/lib/formText'
import { isLocale } from '@/lib/locale'
import { Button } from '@/ui/Button'
import { SelectField, TextArea, TextField } from '@/ui/Field'
import { ProblemNotice } from '@/ui/Notice'
import { useFieldErrors } from '@/ui/problemText'

export function CannedReplyForm({ reply, onDone }: { reply: CannedReply; onDone: () => void }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const action = useMutation({
    mutationFn: (form: FormData) => {
      const locale = formText(form, 'locale')
      return putCannedReply(reply.id, {
        title: formText(form, 'title'),
        text: formText(form, 'text'),
        locale: isLocale(locale) ? locale : null,
      })
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: keys.cannedReplies })
      onDone()
    },
  })
  const errorAt = useFieldErrors(action.error)
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        action.mutate(new FormData(event.currentTarget))
      }}
    >
      <ProblemNotice error={action.error} />
      <TextField
        name="title"
        label={t('supportSettings.replyTitle')}
        defaultValue={reply.title}
        error={errorAt('title')}
        maxLength={100}
        required
        autoFocus
      />
      <TextArea
        name="text"
        label={t('supportSettings.replyText')}
        hint={t('supportSettings.replyTextHint', { name: '{name}' })}
        defaultValue={reply.text}
        error={errorAt('text')}
        required
        dir="auto"
      />
      <SelectField name="locale" label={t('supportSettings.replyLocale')} defaultValue={reply.locale ?? ''}>
        <option value="">{t('supportSettings.anyLocale')}</option>
        <option value="ar">{t('support.language.ar')}</option>
        <option value="en">{t('support.language.en')}</option>
      </SelectField>
      <div className="row">
        <Button type="submit" busy={action.isPending}>
          {t('account.save')}
        </Button>
        <Button look="quiet" onClick={onDone}>
          {t('conversation.cancelEdit')}
        </Button>
      </div>
    </form>
  )
}
