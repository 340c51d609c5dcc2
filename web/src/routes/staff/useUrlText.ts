import { useEffect, useState } from 'react'
import { useSearchParams } from 'react-router'
import { useDebounced } from '@/lib/useDebounced'

const typingPauseMs = 300

/** A text box whose settled text is kept in the address, so that a filtered list can be shared. */
export function useUrlText(name: string) {
  const [params, setParams] = useSearchParams()
  const [draft, setDraft] = useState(params.get(name) ?? '')
  const settled = useDebounced(draft.trim(), typingPauseMs)
  useEffect(() => {
    setParams(
      (before) => {
        const next = new URLSearchParams(before)
        if (settled === '') next.delete(name)
        else next.set(name, settled)
        return next
      },
      { replace: true, preventScrollReset: true },
    )
  }, [name, settled, setParams])
  return { draft, setDraft, settled }
}
