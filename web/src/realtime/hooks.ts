/** What components use: they read the query cache, and say what they look at. */
import { skipToken, useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { keys } from '@/api/keys'
import { listMarks, unreadOf } from '@/api/streams'
import type { Typist } from './cachePatches'
import { live } from './live'

/** The copy of a stream, kept true while the component is there. */
export function useStream(stream: string | null) {
  useEffect(() => (stream === null ? undefined : live().follow(stream)), [stream])
  return useQuery({
    queryKey: keys.stream(stream ?? ''),
    queryFn: stream === null ? skipToken : () => live().copyOf(stream),
    staleTime: Infinity,
  })
}

/** Hears what comes into these streams without keeping copies; what it touches is asked for again. */
export function useListening(streams: readonly string[]): void {
  const joined = [...streams].sort().join(' ')
  useEffect(() => {
    const stops = joined === '' ? [] : joined.split(' ').map((stream) => live().listen(stream))
    return () => stops.forEach((stop) => stop())
  }, [joined])
}

/**
 * Keeps the availability of these products' variants true in everything that is cached of them. A list does so only
 * over a connection that is there for another reason: who only passes by shall not cost one.
 */
export function useLiveStock(productIds: readonly string[], need: 'always' | 'whenConnected' = 'always'): void {
  const joined = productIds.join(' ')
  useEffect(() => (joined === '' ? undefined : live().watch(joined.split(' '), need)), [joined, need])
}

/** Whether news arrives. */
export const useIsLive = (): boolean =>
  useQuery<boolean>({ queryKey: keys.live, queryFn: skipToken, staleTime: Infinity }).data ?? false

const noTypists: Typist[] = []

/** Who else is typing there. */
export const useTypists = (stream: string | null): Typist[] =>
  useQuery<Typist[]>({ queryKey: keys.typing(stream ?? ''), queryFn: skipToken, staleTime: Infinity }).data ?? noTypists

const nobodyKnown: Record<string, string> = {}

/** Who has come or gone since this page was connected, by user. */
export const usePresence = (): Record<string, string> =>
  useQuery<Record<string, string>>({ queryKey: keys.presence, queryFn: skipToken, staleTime: Infinity }).data ??
  nobodyKnown

export const useMarks = (stream: string | null) =>
  useQuery({
    queryKey: keys.marks(stream ?? ''),
    queryFn: stream === null ? skipToken : ({ signal }) => listMarks(stream, signal),
    staleTime: Infinity,
  })

/** How much the reader has not read of a stream; 0 until that is known. */
export const useUnread = (stream: string | null): number =>
  useQuery({
    queryKey: keys.unread(stream ?? ''),
    queryFn: stream === null ? skipToken : ({ signal }) => unreadOf(stream, signal),
    staleTime: Infinity,
  }).data?.unread ?? 0

/** How far the reader has read a stream; 0 until that is known. */
export function useOwnMark(stream: string, userId: string | undefined): number {
  const marks = useMarks(stream).data?.items
  return marks?.find((mark) => mark.userId === userId)?.seq ?? 0
}
