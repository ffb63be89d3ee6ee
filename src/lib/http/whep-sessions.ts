// The sessions of WHEP (draft-ietf-wish-whep, RFC 9725 section 4.3): begun by an offer, then trickled to, restarted and ended by
// whoever was told their address. Knows neither HTTP nor who may do what.
import { randomBytes } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import type { Engine, OpenRequest } from '../engine/engine.ts'
import { checkOffer, fragmentOf, restartOffer, type SdpFragment, type WhepTimes } from '../protocol/whep.ts'

interface Session {
  readonly streamId: string
  readonly offer: string
  readonly content: string
  /** Of the viewer, in the ICE session now. */
  ufrag: string
  etag: string
  restarts: number
}

/** What is to be watched: something to open, or a stream that was opened for whoever comes. */
export type WhepTarget = { readonly open: OpenRequest } | { readonly streamId: string }

export interface WhepAnswer {
  /** Names the session. It is a secret: who knows the id of a stream has not its session. */
  readonly key: string
  readonly etag: string
  readonly sdp: string
  /** What the time went into. */
  readonly times: WhepTimes
}

export class WhepSessions {
  readonly #engine: Engine
  readonly #clock: Pick<Clock, 'now'>
  readonly #sessions = new Map<string, Session>()
  readonly #keyOf = new Map<string, string>()

  /** Sessions are forgotten when their streams close. */
  constructor(engine: Engine, clock: Pick<Clock, 'now'>) {
    this.#engine = engine
    this.#clock = clock
    engine.events.on('stream', ({ id, state }) => {
      if (state === 'closed') this.#forget(id)
    })
  }

  /**
   * Answers an offer for content; `choose` is asked once the offer has been looked at. Throws INVALID_SDP before anything is opened,
   * STREAM_NOT_FOUND and STREAM_CONFLICT for a stream that is not there or has its viewer, and what the engine throws; a stream that
   * was opened for it is closed then.
   */
  async begin(offer: string, content: string, choose: () => WhepTarget): Promise<WhepAnswer> {
    const ufrag = checkOffer(offer)
    const target = choose()
    const beganMs = this.#clock.now()
    const streamId = 'open' in target ? (await this.#engine.open(target.open)).id : this.waiting(target.streamId).id
    const openMs = this.#clock.now() - beganMs
    const { sdp, choiceMs } = await this.#engine.acceptOffer(streamId, offer).catch(async (error: unknown) => {
      if ('open' in target) await this.#engine.close(streamId, 'requested').catch(() => {})
      throw error
    })
    const answerMs = this.#clock.now() - beganMs - openMs - (choiceMs ?? 0)
    const etag = `"${streamId}-0"`
    const times = { openMs, answerMs, ...(choiceMs !== undefined && { choiceMs }) }
    return { key: this.#remember({ streamId, offer, content, ufrag, etag, restarts: 0 }), etag, sdp, times }
  }

  /** The stream of this id, where it still has no viewer. Throws STREAM_NOT_FOUND, STREAM_CONFLICT. */
  waiting(streamId: string): { readonly id: string; readonly content: string } {
    const record = this.#engine.get(streamId)
    if (!record) throw new McpxError('STREAM_NOT_FOUND', `there is no stream "${streamId}"`)
    if (record.state !== 'waiting')
      throw new McpxError('STREAM_CONFLICT', `the stream "${streamId}" is already ${record.state}`)
    return record
  }

  /** What a session shows. Throws STREAM_NOT_FOUND. */
  contentOf(key: string): string {
    return this.#get(key).content
  }

  /**
   * Adds candidates, or restarts ICE where the fragment has other credentials: then returns the new tag and our fragment.
   * @param condition of If-Match: the tag of the ICE session that the fragment belongs to, or `*`.
   * Throws with `statusCode` 428 without a condition and 412 for another session, INVALID_SDP, STREAM_NOT_FOUND.
   */
  async patch(
    key: string,
    condition: string | undefined,
    fragment: SdpFragment,
  ): Promise<{ etag: string; fragment: string } | undefined> {
    const session = this.#get(key)
    if (condition === undefined) throw withStatus(428, 'If-Match is needed: the ETag of the ICE session, or *')
    if (condition !== '*' && condition !== session.etag) throw withStatus(412, 'another ICE session is current')
    const { ufrag, pwd } = fragment
    if (ufrag === undefined || ufrag === session.ufrag) {
      await this.#addCandidates(session.streamId, fragment)
      return undefined
    }
    if (pwd === undefined) throw new McpxError('INVALID_SDP', 'an ICE restart needs an ice-pwd')
    const { sdp } = await this.#engine.acceptOffer(session.streamId, restartOffer(session.offer, ufrag, pwd))
    session.ufrag = ufrag
    session.restarts++
    session.etag = `"${session.streamId}-${session.restarts}"`
    await this.#addCandidates(session.streamId, fragment)
    return { etag: session.etag, fragment: fragmentOf(sdp) }
  }

  /** Ends the session and its stream. Throws STREAM_NOT_FOUND. */
  async end(key: string): Promise<void> {
    const { streamId } = this.#get(key)
    this.#forget(streamId)
    await this.#engine.close(streamId, 'viewer_left')
  }

  #get(key: string): Session {
    const session = this.#sessions.get(key)
    if (!session) throw new McpxError('STREAM_NOT_FOUND', `there is no WHEP session "${key}"`)
    return session
  }

  /** Throws STREAM_NOT_FOUND for a stream that closed while its offer was answered. */
  #remember(session: Session): string {
    const { streamId } = session
    const state = this.#engine.get(streamId)?.state ?? 'closed'
    if (state === 'closed') throw new McpxError('STREAM_NOT_FOUND', `the stream "${streamId}" is closed`)
    const key = randomBytes(18).toString('base64url')
    this.#sessions.set(key, session)
    this.#keyOf.set(streamId, key)
    return key
  }

  #forget(streamId: string): void {
    const key = this.#keyOf.get(streamId)
    this.#keyOf.delete(streamId)
    if (key !== undefined) this.#sessions.delete(key)
  }

  async #addCandidates(streamId: string, { candidates, isComplete }: SdpFragment): Promise<void> {
    for (const candidate of candidates) await this.#engine.addCandidate(streamId, candidate)
    if (isComplete) await this.#engine.addCandidate(streamId, null)
  }
}

/** An INVALID_REQUEST with one of HTTP's finer status codes, which WHEP asks for. */
export function withStatus(statusCode: number, message: string): Error {
  return Object.assign(new Error(message), { statusCode })
}
