import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { deleteCannedReply, listCannedReplies } from '@/api/conversations'
import { keys } from '@/api/keys'
import type { CannedReply } from '@/api/types'
import { randomUuid } from '@/lib/randomId'
import { Badge } from '@/ui/Badge'
import { Button } from '@/ui/Button'
import { LoadFailure, LoadingBlocks } from '@/ui/Feedback'
import { ProblemNotice } from '@/ui/Notice'
import { CannedReplyForm } from './CannedReplyForm'
import './settings.css'

const blank = (): CannedReply => ({ id: randomUuid(), title: '', text: '', locale: null })

export function CannedReplies() {
  const { t } = useTranslation()
  const [edited, setEdited] = useState<CannedReply | null>(null)
  const query = useQuery({ queryKey: keys.cannedReplies, queryFn: ({ signal }) => listCannedReplies(signal) })
  const isNew = edited !== null && query.data?.items.every((reply) => reply.id !== edited.id)
  return (
    <section className="card stack" aria-label={t('supportSettings.canned')}>
      <h2>{t('supportSettings.canned')}</h2>
      <p className="muted small">{t('supportSettings.cannedHint')}</p>
      {query.isPending && <LoadingBlocks count={1} />}
      {query.isError && <LoadFailure error={query.error} onRetry={() => void query.refetch()} />}
      <ul className="canned-list">
        {query.data?.items.map((reply) => (
          <li key={reply.id}>
            {edited?.id === reply.id ? (
              <CannedReplyForm reply={edited} onDone={() => setEdited(null)} />
            ) : (
              <Reply reply={reply} onEdit={() => setEdited(reply)} />
            )}
          </li>
        ))}
      </ul>
      {isNew ? (
        <CannedReplyForm reply={edited} onDone={() => setEdited(null)} />
      ) : (
        <div className="row">
          <Button look="quiet" size="small" onClick={() => setEdited(blank())}>
            {t('supportSettings.addReply')}
          </Button>
        </div>
      )}
    </section>
  )
}

function Reply({ reply, onEdit }: { reply: CannedReply; onEdit: () => void }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: () => deleteCannedReply(reply.id),
    onSettled: () => queries.invalidateQueries({ queryKey: keys.cannedReplies }),
  })
  return (
    <div className="stack stack-tight">
      <p className="row">
        <strong>
          <bdi>{reply.title}</bdi>
        </strong>
        {reply.locale && <Badge>{t(`support.language.${reply.locale}`)}</Badge>}
      </p>
      <p className="canned-text">
        <bdi>{reply.text}</bdi>
      </p>
      <ProblemNotice error={remove.error} />
      <div className="row">
        <Button look="plain" size="small" onClick={onEdit}>
          {t('conversation.edit')}
        </Button>
        <Button look="plain" size="small" busy={remove.isPending} onClick={() => remove.mutate()}>
          {t('conversation.delete')}
        </Button>
      </div>
    </div>
  )
}
