import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { ShownItem } from '@/lib/conversation'

/** So near to its end, a list follows what comes in. */
export const nearPx = 80

/** Keeps the end in view while the reader is there, and the reader's place when earlier messages come in above. */
export function useStuckToEnd(items: readonly ShownItem[]) {
  const box = useRef<HTMLDivElement>(null)
  const [isAtEnd, setIsAtEnd] = useState(true)
  const isStuck = useRef(true)
  const seen = useRef({ first: '', height: 0 })

  const toEnd = () => {
    isStuck.current = true
    setIsAtEnd(true)
    box.current?.scrollTo({ top: box.current.scrollHeight })
  }

  useLayoutEffect(() => {
    const element = box.current
    if (!element) return
    const first = items[0]?.key ?? ''
    const last = items.at(-1)
    const isOwnNew = last?.kind === 'said' && last.state === 'sending'
    if (isStuck.current || isOwnNew) element.scrollTo({ top: element.scrollHeight })
    else if (first !== seen.current.first) element.scrollBy({ top: element.scrollHeight - seen.current.height })
    seen.current = { first, height: element.scrollHeight }
  }, [items])

  useEffect(() => {
    const element = box.current
    if (!element) return
    const observer = new ResizeObserver(() => {
      if (isStuck.current) element.scrollTo({ top: element.scrollHeight })
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const onScroll = () => {
    const element = box.current
    if (!element) return
    isStuck.current = element.scrollHeight - element.scrollTop - element.clientHeight < nearPx
    setIsAtEnd(isStuck.current)
  }
  return { box, isAtEnd, toEnd, onScroll }
}
