// WHEP from the viewer's side (draft-ietf-wish-whep): an offer goes up, an answer comes back, DELETE ends it.

import type { Clock } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import { maxSdpBytes, textUpTo } from '../base/response-text.ts'
import { whepPath } from '../protocol/routes.ts'
import { readTimes, type WhepTimes } from '../protocol/whep.ts'
import type { Api } from './api.ts'
import type { Door, Session, StreamRequest } from './door.ts'
import { watchServer } from './server-watch.ts'

export const whepDoor = (api: Api, clock: Clock): Door => ({
  open: (request, offer) => openWhep(api, request, offer),
  watch: (watching) => watchServer({ api, clock, ...watching }),
})

export function whepAddress({ content, startS, quality, loop }: StreamRequest): string {
  const query = new URLSearchParams()
  if (startS) query.set('start', String(startS))
  if (quality) query.set('quality', quality)
  if (loop) query.set('loop', 'true')
  return `${whepPath(content)}${query.size > 0 ? `?${query}` : ''}`
}

/** What else a WHEP server says. */
export interface WhepSession extends Session {
  /** Of the stream, where the server is mcpx. */
  readonly streamId?: string
  readonly times?: WhepTimes
}

/** Sends a full offer (no trickle) and resolves with the answer. Throws what the server says of the content or the offer. */
export async function openWhep(
  api: Api,
  request: StreamRequest,
  offer: string,
  signal?: AbortSignal,
): Promise<WhepSession> {
  const response = await api.request(whepAddress(request), {
    method: 'POST',
    headers: { 'content-type': 'application/sdp', accept: 'application/sdp' },
    body: offer,
    ...(signal && { signal }),
  })
  const answer = await textUpTo(response, maxSdpBytes)
  const location = response.headers.get('location')
  const noAnswer = new McpxError('INVALID_SDP', 'the server gave no WHEP answer')
  if (!location) throw noAnswer
  const session = new URL(location, response.url).href
  const close = (signal?: AbortSignal) => closeWhep(api, session, signal)
  const streamId = /^"(.+)-0"$/.exec(response.headers.get('etag') ?? '')?.[1]
  const times = readTimes(response.headers.get('server-timing'))
  if (answer.startsWith('v=0'))
    return { answer, close, ...(streamId !== undefined && { streamId }), ...(times && { times }) }
  await close().catch(() => {})
  throw noAnswer
}

/** A session that is over already is closed. */
async function closeWhep(api: Api, session: string, signal?: AbortSignal): Promise<void> {
  try {
    await api.request(session, { method: 'DELETE', ...(signal ? { signal } : {}) })
  } catch (error) {
    if (error instanceof McpxError && ['NOT_FOUND', 'STREAM_NOT_FOUND'].includes(error.code)) return
    throw error
  }
}
