import type { ReactNode } from 'react'
import { PageTitle } from '@/ui/PageTitle'

/** The one-card page of signing in, signing up and their kin. */
export function AccountFrame({ title, hint, children }: { title: string; hint?: string; children: ReactNode }) {
  return (
    <div className="page page-narrow">
      <div className="card stack stack-loose">
        <header className="stack stack-tight">
          <PageTitle title={title} />
          {hint && <p className="muted">{hint}</p>}
        </header>
        {children}
      </div>
    </div>
  )
}
