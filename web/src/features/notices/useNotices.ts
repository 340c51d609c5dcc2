import { useSession } from '@/api/session'
import { useOwnMark, useStream } from '@/realtime/hooks'
import { noticesIn } from './notices'

export function useNotices() {
  const { user } = useSession()
  const query = useStream('store')
  const mark = useOwnMark('store', user?.id)
  const entries = query.data?.entries ?? []
  const notices = noticesIn(entries)
  return {
    query,
    notices,
    mark,
    head: entries.at(-1)?.seq ?? 0,
    unread: notices.filter((notice) => notice.seq > mark).length,
  }
}
