import { useEffect, useRef } from 'react'
import { useLocation } from 'react-router'

/** After a move to another page the keyboard and the screen reader start at its content, as after a real page load. */
export function useFocusOnPageChange() {
  const { pathname } = useLocation()
  const main = useRef<HTMLElement>(null)
  const shown = useRef(pathname)
  useEffect(() => {
    if (shown.current === pathname) return
    shown.current = pathname
    main.current?.focus({ preventScroll: true })
  }, [pathname])
  return main
}
