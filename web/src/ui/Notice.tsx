import type { ReactNode } from 'react'
import { Icon, type IconName } from './Icon'
import { useProblemText } from './problemText'

type Tone = 'good' | 'warm' | 'bad'

const icons: Record<Tone, IconName> = { good: 'check', warm: 'info', bad: 'alert' }

interface NoticeProps {
  tone: Tone
  children: ReactNode
  /** Said aloud as soon as it appears; for what answers the reader's own action. */
  isUrgent?: boolean
}

export function Notice({ tone, children, isUrgent = false }: NoticeProps) {
  return (
    <div className="notice" data-tone={tone} role={isUrgent ? 'alert' : undefined}>
      <Icon name={icons[tone]} />
      <div className="notice-body">{children}</div>
    </div>
  )
}

export function ProblemNotice({ error, children }: { error: unknown; children?: ReactNode }) {
  const textOf = useProblemText()
  if (error == null) return null
  return (
    <Notice tone="bad" isUrgent>
      <p>{textOf(error)}</p>
      {children}
    </Notice>
  )
}
