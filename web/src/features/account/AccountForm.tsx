import type { FormEvent, ReactNode } from 'react'
import { Button } from '@/ui/Button'
import { ProblemNotice } from '@/ui/Notice'

interface FormProps {
  action: { isPending: boolean; error: unknown }
  submitLabel: string
  onSubmit: (form: FormData) => void
  children: ReactNode
}

/** The frame of every small form here: its fields, what went wrong, one button. */
export function AccountForm({ action, submitLabel, onSubmit, children }: FormProps) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    if (!action.isPending) onSubmit(new FormData(event.currentTarget))
  }
  return (
    <form className="stack" onSubmit={submit}>
      <ProblemNotice error={action.error} />
      {children}
      <Button type="submit" busy={action.isPending} wide>
        {submitLabel}
      </Button>
    </form>
  )
}
