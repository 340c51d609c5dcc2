import { useRef, type FormEvent, type ReactNode } from 'react'
import { Button } from '@/ui/Button'
import { ProblemNotice } from '@/ui/Notice'
import { useFocusOnFault } from '@/ui/useFocusOnFault'

interface FormProps {
  action: { isPending: boolean; error: unknown }
  submitLabel: string
  onSubmit: (form: FormData) => void
  children: ReactNode
}

/** The frame of every small form here: its fields, what went wrong, one button. */
export function AccountForm({ action, submitLabel, onSubmit, children }: FormProps) {
  const frame = useRef<HTMLFormElement>(null)
  useFocusOnFault(frame, action.error)
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    if (!action.isPending) onSubmit(new FormData(event.currentTarget))
  }
  return (
    <form ref={frame} className="stack" onSubmit={submit}>
      <ProblemNotice error={action.error} />
      {children}
      <Button type="submit" busy={action.isPending} wide>
        {submitLabel}
      </Button>
    </form>
  )
}
