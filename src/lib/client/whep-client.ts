// WHEP from the viewer's side (draft-ietf-wish-whep): an offer goes up, an answer comes back, DELETE ends it.
import { McpxError } from '../base/errors.ts'
import type { Quality } from '../model/quality.ts'
import { whepPath } from '../protocol/routes.ts'
import type { Api } from './api.ts'

export interface WhepRequest {
  /** Any spelling of content that the server understands. */
  readonly content: string
  readonly startS?: number
  readonly quality?: Quality
}

interface WhepSession {
  readonly answer: string
  /** Ends the stream at the server. A stream that has ended by itself is fine. */
  close(signal?: AbortSignal): Promise<void>
}

function whepAddress({ content, startS, quality }: WhepRequest): string {
  const query = new URLSearchParams()
  if (startS) query.set('start', String(startS))
  if (quality) query.set('quality', quality)
  return `${whepPath(content)}${query.size > 0 ? `?${query}` : ''}`
}

/** Sends a full offer (no trickle) and resolves with the answer. Throws what the server says of the content or the offer. */
export async function openWhep(api: Api, request: WhepRequest, offer: string): Promise<WhepSession> {
  const response = await api.request(whepAddress(request), {
    method: 'POST',
    headers: { 'content-type': 'application/sdp', accept: 'application/sdp' },
    body: offer,
  })
  const answer = await response.text()
  const location = response.headers.get('location')
  if (!location || !answer.startsWith('v=0')) throw new McpxError('INVALID_SDP', 'the server gave no WHEP answer')
  const session = new URL(location, response.url).href
  return {
    answer,
    async close(signal) {
      try {
        await api.request(session, { method: 'DELETE', ...(signal ? { signal } : {}) })
      } catch (error) {
        if (error instanceof McpxError && ['NOT_FOUND', 'STREAM_NOT_FOUND'].includes(error.code)) return
        throw error
      }
    },
  }
}
