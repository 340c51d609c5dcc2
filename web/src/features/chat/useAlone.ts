import { useEffect, type RefObject } from 'react'

/** Where the panel covers all of the page, nothing behind it can be reached. */
const coversAll = '(width < 48rem)'

export function useAlone(panel: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const screen = window.matchMedia(coversAll)
    const others = [...(panel.current?.parentElement?.children ?? [])].filter(
      // Short news is shown above everything.
      (each) => each !== panel.current && each.getAttribute('role') !== 'status',
    )
    const apply = () => others.forEach((each) => each.toggleAttribute('inert', screen.matches))
    apply()
    screen.addEventListener('change', apply)
    return () => {
      screen.removeEventListener('change', apply)
      others.forEach((each) => each.removeAttribute('inert'))
    }
  }, [panel])
}
