import type { ConversationView } from '@/api/types'

export const views: readonly ConversationView[] = ['unassigned', 'mine', 'all', 'closed']

export const viewIn = (params: URLSearchParams): ConversationView =>
  views.find((view) => view === params.get('view')) ?? 'unassigned'
