import { createContext, use, useCallback, useMemo, useState, type ReactNode } from 'react'

interface Toast {
  text: string
  tone?: 'plain' | 'bad'
  action?: { label: string; run: () => void }
}

interface ShownToast extends Toast {
  id: number
}

const stayMs = 6000

const ToastContext = createContext<(toast: Toast) => void>(() => undefined)

/** Short news at the foot of the page, said aloud by screen readers. */
export const useToast = () => use(ToastContext)

let lastId = 0

export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<ShownToast[]>([])

  const dismiss = useCallback((id: number) => setToasts((shown) => shown.filter((toast) => toast.id !== id)), [])

  const show = useCallback(
    (toast: Toast) => {
      const id = ++lastId
      // Two at most: older news is no longer news.
      setToasts((shown) => [...shown.slice(-1), { ...toast, id }])
      setTimeout(() => dismiss(id), stayMs)
    },
    [dismiss],
  )

  const list = useMemo(
    () =>
      toasts.map((toast) => (
        <div key={toast.id} className="toast" data-tone={toast.tone}>
          <span>{toast.text}</span>
          {toast.action && (
            <button
              type="button"
              className="toast-action"
              onClick={() => {
                toast.action?.run()
                dismiss(toast.id)
              }}
            >
              {toast.action.label}
            </button>
          )}
        </div>
      )),
    [toasts, dismiss],
  )

  return (
    <ToastContext value={show}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {list}
      </div>
    </ToastContext>
  )
}
