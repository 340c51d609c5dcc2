import type { ComponentProps } from 'react'
import { Link } from 'react-router'

type Look = 'solid' | 'quiet' | 'danger' | 'plain'

interface Appearance {
  look?: Look
  size?: 'small' | 'normal'
  wide?: boolean
}

const marks = ({ look = 'solid', size = 'normal', wide = false }: Appearance) => ({
  className: 'button',
  'data-look': look,
  'data-size': size,
  'data-wide': wide,
})

type ButtonProps = Omit<ComponentProps<'button'>, 'className'> & Appearance & { busy?: boolean }

/** While `busy` it shows that work goes on and takes no second press. */
export function Button({ look, size, wide, busy = false, disabled, type = 'button', children, ...rest }: ButtonProps) {
  return (
    <button {...rest} {...marks({ look, size, wide })} type={type} disabled={disabled || busy} aria-busy={busy}>
      {busy && <span className="spinner" aria-hidden="true" />}
      {children}
    </button>
  )
}

export function ButtonLink({ look, size, wide, ...rest }: Omit<ComponentProps<typeof Link>, 'className'> & Appearance) {
  return <Link {...rest} {...marks({ look, size, wide })} />
}
