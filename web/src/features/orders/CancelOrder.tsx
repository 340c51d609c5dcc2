import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { keys } from '@/api/keys'
import { cancelOrder } from '@/api/orders'
import type { Order } from '@/api/types'
import { Button } from '@/ui/Button'
import { ConfirmDialog } from '@/ui/ConfirmDialog'
import { ProblemNotice } from '@/ui/Notice'
import { useToast } from '@/ui/Toasts'

export function CancelOrder({ order }: { order: Order }) {
  const { t } = useTranslation()
  const toast = useToast()
  const queries = useQueryClient()
  const [isAsking, setIsAsking] = useState(false)
  const action = useMutation({
    mutationFn: () => cancelOrder(order.id),
    onSuccess: (cancelled) => {
      queries.setQueryData(keys.order(order.id), cancelled)
      toast({ text: t('orders.cancelled') })
    },
    onSettled: () => {
      setIsAsking(false)
      return queries.invalidateQueries({ queryKey: keys.orders })
    },
  })
  return (
    <div className="stack">
      <ProblemNotice error={action.error} />
      <div className="row">
        <Button look="danger" onClick={() => setIsAsking(true)}>
          {t('orders.cancel')}
        </Button>
      </div>
      {isAsking && (
        <ConfirmDialog
          title={t('orders.cancelTitle')}
          confirmLabel={t('orders.cancelConfirm')}
          isBusy={action.isPending}
          onConfirm={() => action.mutate()}
          onClose={() => setIsAsking(false)}
        >
          <p>{t('orders.cancelText')}</p>
        </ConfirmDialog>
      )}
    </div>
  )
}
