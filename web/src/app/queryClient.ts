import { QueryCache, QueryClient } from '@tanstack/react-query'
import { isPublicKey } from '@/api/keys'
import { onUserChange } from '@/api/session'
import { asProblem } from '@/lib/problem'
import { reportAnswer, reportSilence } from './connection'

const mostRetries = 2

export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => (asProblem(error).isPassing ? reportSilence() : reportAnswer()),
    onSuccess: reportAnswer,
  }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // Asked even when the browser believes itself offline: a shop on the local network may still answer.
      networkMode: 'always',
      retry: (failures, error) =>
        failures < mostRetries && asProblem(error).isPassing && asProblem(error).status !== 429,
    },
    mutations: { networkMode: 'always' },
  },
})

// Nothing of what one user saw may wait here for the next one.
onUserChange(() => queryClient.removeQueries({ predicate: (query) => !isPublicKey(query.queryKey) }))
