import { useTranslation } from 'react-i18next'
import { asProblem } from '@/lib/problem'

/** Our own words for a problem where we have them, else the server's, which are in the reader's language too. */
export function useProblemText(): (error: unknown) => string {
  const { t, i18n } = useTranslation()
  return (error) => {
    const problem = asProblem(error)
    // One code for two tokens: that of a mailed link, and that of a session.
    const isSession = problem.status === 401 && problem.code === 'token_invalid'
    const key = `problem.${isSession ? 'session_expired' : problem.code}`
    return i18n.exists(key) ? t(key) : (problem.detail ?? t('problem.internal'))
  }
}

/** The message for one form field, or nothing when that field is fine. */
export function useFieldErrors(error: unknown): (path: string) => string | undefined {
  const { t, i18n } = useTranslation()
  return (path) => {
    if (error == null) return undefined
    const field = asProblem(error).fieldAt(path)
    if (!field) return undefined
    const key = `fieldProblem.${field.code}`
    return i18n.exists(key) ? t(key) : field.detail || t('problem.invalid_input')
  }
}
