import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '@/ui/Icon'
import { useDebounced } from '@/lib/useDebounced'

const typingPauseMs = 280

/** Searches while the reader types, a pause behind; Enter does not wait for the pause. */
export function SearchBox({ query, onSearch }: { query: string; onSearch: (query: string) => void }) {
  const { t } = useTranslation()
  const [draft, setDraft] = useState(query)
  const [known, setKnown] = useState(query)
  const settled = useDebounced(draft, typingPauseMs)
  const sent = useRef(query)

  // The address bar may change the search too (back, a link to all products): the box follows it.
  if (query !== known) {
    setKnown(query)
    setDraft(query)
  }

  useEffect(() => {
    sent.current = query
  }, [query])

  useEffect(() => {
    const wanted = settled.trim()
    if (settled === draft && wanted !== sent.current) {
      sent.current = wanted
      onSearch(wanted)
    }
  }, [settled, draft, onSearch])

  return (
    <search>
      <form
        className="search-box"
        onSubmit={(event) => {
          event.preventDefault()
          sent.current = draft.trim()
          onSearch(draft.trim())
        }}
      >
        <Icon name="search" />
        <input
          type="search"
          name="q"
          aria-label={t('catalog.search')}
          placeholder={t('catalog.searchHint')}
          autoComplete="off"
          enterKeyHint="search"
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
        />
      </form>
    </search>
  )
}
