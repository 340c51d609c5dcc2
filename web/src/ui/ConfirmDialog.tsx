import { useEffect, useRef, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from './Button'

interface ConfirmProps {
  title: string
  confirmLabel: string
  isBusy: boolean
  onConfirm: () => void
  onClose: () => void
  children: ReactNode
}

/** Asks before something that cannot be taken back. The browser's own dialog keeps the focus inside and gives it back. */
export function ConfirmDialog({ title, confirmLabel, isBusy, onConfirm, onClose, children }: ConfirmProps) {
  const { t } = useTranslation()
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} className="dialog" aria-label={title} onClose={onClose}>
      <div className="stack">
        <h2>{title}</h2>
        {children}
        <div className="row">
          <Button look="danger" busy={isBusy} onClick={onConfirm}>
            {confirmLabel}
          </Button>
          <Button look="quiet" onClick={() => dialog.current?.close()}>
            {t('dialog.keep')}
          </Button>
        </div>
      </div>
    </dialog>
  )
}
