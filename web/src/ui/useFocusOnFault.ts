import { useEffect, type RefObject } from 'react'

/** When the server refuses a field, the cursor goes there, wherever on a long form it is. */
export function useFocusOnFault(form: RefObject<HTMLFormElement | null>, error: unknown): void {
  useEffect(() => {
    if (error != null) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [form, error])
}
