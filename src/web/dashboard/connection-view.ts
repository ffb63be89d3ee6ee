// What the table of connections says about one, which of them it shows, and in which order. Pure.
import type { LiveConnection } from '../../lib/protocol/live.ts'
import { own } from '../shared/own.ts'
import { type Tone, toneOfScore } from './figures.ts'

export type StateTone = Tone | 'calm' | 'busy'

const words: Readonly<Record<LiveConnection['state'], readonly [string, StateTone]>> = {
  waiting: ['Waiting', 'calm'],
  connecting: ['Connecting', 'busy'],
  active: ['Playing', 'good'],
  ended: ['Ended', 'calm'],
  closed: ['Closed', 'calm'],
}

const failedReasons: readonly unknown[] = ['ice_failed', 'dtls_failed', 'content_failed']

export const isOpen = ({ state }: LiveConnection): boolean => state !== 'closed'
/** Nothing is heard of the viewer any more, and the stream is not closed yet. */
export const isCutOff = ({ state, peerStates }: LiveConnection): boolean =>
  state !== 'closed' && (peerStates.connection === 'disconnected' || peerStates.connection === 'failed')
/** Somebody is there: what was measured is of now. */
export const isWatched = (one: LiveConnection): boolean =>
  (one.state === 'active' || one.state === 'ended') && !isCutOff(one)
const hasFailed = ({ error, closeReason }: LiveConnection) => error !== undefined || failedReasons.includes(closeReason)

/** The state in a word, and its colour. */
export function stateOf(one: LiveConnection): { readonly word: string; readonly tone: StateTone } {
  if (hasFailed(one)) return { word: 'Failed', tone: 'bad' }
  if (isCutOff(one)) return { word: 'Disconnected', tone: 'bad' }
  if (one.closeReason === 'timeout') return { word: 'Timed out', tone: 'calm' }
  if (one.state === 'active' && one.paused) return { word: 'Paused', tone: 'calm' }
  const [word, tone] = own(words, one.state) ?? [one.state, 'calm']
  return { word, tone }
}

/** Somebody watches, and does not say what it sees. */
export const isSilent = (one: LiveConnection): boolean => one.state === 'active' && !one.isReporting

/** Failed, cut off, or with a score that is bad. What is not known is no problem yet, and is marked as unknown. */
export function hasProblem(one: LiveConnection): boolean {
  if (stateOf(one).tone === 'bad') return true
  return isWatched(one) && [one.health, one.videoQuality].some((score) => toneOfScore(score?.value) === 'bad')
}

export const groups = ['all', 'open', 'problems', 'silent', 'closed'] as const
export type Group = (typeof groups)[number]

const inGroup: Readonly<Record<Group, (one: LiveConnection) => boolean>> = {
  all: () => true,
  open: isOpen,
  problems: hasProblem,
  silent: isSilent,
  closed: (one) => !isOpen(one),
}

export function countGroups(connections: readonly LiveConnection[]): Readonly<Record<Group, number>> {
  const count = (group: Group) => connections.filter(inGroup[group]).length
  return {
    all: connections.length,
    open: count('open'),
    problems: count('problems'),
    silent: count('silent'),
    closed: count('closed'),
  }
}

/** Every word of the text must be somewhere in what the row says; upper and lower case are the same. */
export function filterConnections(
  connections: readonly LiveConnection[],
  { text, group }: { readonly text: string; readonly group: Group },
): readonly LiveConnection[] {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean).slice(0, 10)
  return connections.filter((one) => {
    if (!inGroup[group](one)) return false
    if (wanted.length === 0) return true
    const { id, content, peer, codecs, quality, sentQuality, error, closeReason } = one
    const words = [id, content, peer, ...codecs, quality, sentQuality, error?.code, error?.message, closeReason]
    const row = `${words.filter(Boolean).join(' ')} ${stateOf(one).word} ${isSilent(one) ? 'not reporting' : ''}`
    const searched = row.toLowerCase()
    return wanted.every((word) => searched.includes(word))
  })
}

export type SortValue = string | number | null | undefined

/** By a value; what has none stands last in both directions. Stable. */
export function sortBy<T>(items: readonly T[], value: (item: T) => SortValue, isDescending: boolean): T[] {
  const sign = isDescending ? -1 : 1
  const isKnown = (one: SortValue): one is string | number => one !== null && one !== undefined
  const keyed = items.map((item) => ({ item, key: value(item) }))
  keyed.sort(({ key: a }, { key: b }) => {
    if (!isKnown(a) || !isKnown(b)) return Number(isKnown(b)) - Number(isKnown(a))
    if (typeof a === 'string' || typeof b === 'string') return sign * String(a).localeCompare(String(b))
    return sign * (a - b)
  })
  return keyed.map(({ item }) => item)
}
