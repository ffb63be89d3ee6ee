// What a viewer needs of a server: an answer to its offer, and word when nobody is there any more.
import type { McpxError } from '../base/errors.ts'
import type { Quality } from '../model/quality.ts'

export interface StreamRequest {
  /** Any spelling of content that the server understands. */
  readonly content: string
  readonly startS?: number
  readonly quality?: Quality
  /** From its end it goes on at its beginning. */
  readonly loop?: boolean
}

export interface Session {
  /** SDP. */
  readonly answer: string
  /** Ends the stream at the server. A stream that has ended by itself is fine. */
  close(signal?: AbortSignal): Promise<void>
}

export interface Door {
  /** Sends a full offer (no trickle) and resolves with the answer. Throws what the server says of the content or the offer. */
  open(request: StreamRequest, offer: string): Promise<Session>
  /** Notices that the server is gone; returns what stops it. */
  watch(watching: Watching): () => void
}

export interface Watching {
  /** Anything that grows when something has arrived from the server. */
  heard(): number
  /** Called once at the most, with SERVER_UNREACHABLE. */
  onGone(error: McpxError): void
}
