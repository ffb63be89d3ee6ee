// What the dashboard asks the server to do. The control routes answer 200 also when it did not work: the body says so.

import type { LiveSample } from '../../lib/protocol/live.ts'
import { isOwnPath, routes } from '../../lib/protocol/routes.ts'
import { parseJson, readAnswerError } from '../shared/answer.ts'
import { samplesOfHistory } from './samples.ts'

export type Outcome =
  | { readonly isDone: true; readonly message: string; readonly connectionId?: string; readonly player?: string }
  | { readonly isDone: false; readonly message: string; readonly hint?: string }

const { webrtc } = routes
const withId = (path: string, id: string) => path.replace(':id', encodeURIComponent(id))

async function act(url: string, body?: object): Promise<Outcome> {
  const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const response = await fetch(url, { method: 'POST', ...(body && json) }).catch(() => undefined)
  if (!response) return { isDone: false, message: 'The server does not answer.' }
  const text = await response.text().catch(() => '')
  const raw = parseJson(text)
  if (response.ok && raw.success === true) {
    return {
      isDone: true,
      message: typeof raw.message === 'string' ? raw.message : 'Done',
      ...(typeof raw.connection_id === 'string' && { connectionId: raw.connection_id }),
      // A path of our own server, never an address elsewhere.
      ...(typeof raw.player === 'string' && isOwnPath(raw.player) && { player: raw.player }),
    }
  }
  if (response.status === 401) return { isDone: false, message: 'The session is over.', hint: 'Reload the page.' }
  const { message, hint } = readAnswerError(text)
  return { isDone: false, message: message ?? `The server answered ${response.status}.`, ...(hint && { hint }) }
}

export const startStream = (base: string, content: string, quality: string) =>
  act(base + webrtc.stream, { cid: content, quality })
export const startSample = (base: string) => act(base + webrtc.streamTestContent)
export const testConnection = (base: string) => act(base + webrtc.testConnection)
export const closeStream = (base: string, id: string) => act(base + withId(webrtc.close, id))
export const closeAll = (base: string) => act(base + webrtc.closeAll)
export const setQuality = (base: string, id: string, quality: string) =>
  act(base + withId(webrtc.quality, id), { quality })

async function getJson(url: string, signal: AbortSignal): Promise<Record<string, unknown>> {
  const response = await fetch(url, { signal }).catch(() => undefined)
  return response?.ok ? parseJson(await response.text().catch(() => '')) : {}
}

/** What the history has of a connection; nothing where there is no history. */
export async function fetchSamples(
  base: string,
  { id, fromMs }: { readonly id: string; readonly fromMs: number },
  signal: AbortSignal,
): Promise<LiveSample[]> {
  const query = new URLSearchParams({ from: String(Math.max(0, Math.floor(fromMs))), connection: id })
  const { rows } = await getJson(`${base}${routes.history.replace(':table', 'samples')}?${query}`, signal)
  return samplesOfHistory(rows)
}

/** One line of what happened to a connection. */
export interface Happening {
  readonly atMs: number
  readonly type: string
  readonly details: unknown
  readonly isError: boolean
}

const timeOf = (value: unknown): number => (typeof value === 'string' ? Date.parse(value) : Number.NaN)
const recordsIn = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'object' && one !== null) : []

/** Events and errors that the monitor has of a connection, newest first. */
export async function fetchHappenings(base: string, id: string, signal: AbortSignal): Promise<Happening[]> {
  const { connection } = await getJson(base + withId(webrtc.connection, id), signal)
  const { lifecycle_events, errors } = (connection ?? {}) as Record<string, unknown>
  const happenings = [
    ...recordsIn(lifecycle_events).map(({ type, timestamp, details }) => ({
      atMs: timeOf(timestamp),
      type: String(type),
      details,
      isError: type === 'error',
    })),
    // Each is an event too where it came from the peer; the code says what the event does not.
    ...recordsIn(errors).map(({ code, error, timestamp }) => ({
      atMs: timeOf(timestamp),
      type: String(code),
      details: { message: error },
      isError: true,
    })),
  ]
  return happenings.filter(({ atMs }) => !Number.isNaN(atMs)).sort((a, b) => b.atMs - a.atMs)
}
