// What the tool does at the server for a page: passes on offers and candidates, and ends what was granted.
import { maxSdpBytes, textUpTo } from '../../base/response-text.ts'
import type { Api } from '../../client/api.ts'
import type { StreamRequest } from '../../client/door.ts'
import { whepAddress } from '../../client/whep-client.ts'
import { fragmentType, sdpType } from '../../protocol/whep.ts'
import type { Grant } from './tool-door.ts'

/** The way that the media of one session takes in place of the direct one: both see its addresses in place of the other's. */
export interface MediaPath {
  /** The server's answer as the browser shall see it. */
  toViewer(answer: string): Promise<string>
  /** The browser's offer as the server shall see it. */
  toServer(offer: string): string
  close(): Promise<void>
}

/** How long the server may take to hear that a viewer is gone. */
const leaveTimeoutMs = 3000

interface Held {
  readonly url: string
  readonly etag: string | undefined
  readonly path: MediaPath | undefined
}

export class ServerSide {
  readonly #api: Api
  readonly #held = new Map<number, Held>()
  readonly #leaving = new Set<Promise<void>>()
  #last = 0

  constructor(api: Api) {
    this.#api = api
  }

  /** Throws what the server says. */
  async offer(request: StreamRequest, sdp: string, path: MediaPath | undefined): Promise<Grant> {
    const response = await this.#api.request(whepAddress(request), {
      method: 'POST',
      headers: { 'content-type': sdpType, accept: sdpType },
      body: path?.toServer(sdp) ?? sdp,
    })
    const answer = await textUpTo(response, maxSdpBytes)
    const id = ++this.#last
    const url = new URL(response.headers.get('location') ?? '', response.url).href
    this.#held.set(id, { url, etag: response.headers.get('etag') ?? undefined, path })
    const links = response.headers.get('link')
    // A relay (TURN) would be a way past the path.
    if (path) return { id, answer: await path.toViewer(answer) }
    return { id, answer, ...(links ? { links } : {}) }
  }

  /**
   * A server that does not take them learns the addresses from the checks. With a path it hears of none: it would answer there.
   */
  async trickle(id: number, fragment: string): Promise<void> {
    const held = this.#held.get(id)
    if (!held || held.path) return
    const headers = { 'content-type': fragmentType, ...(held.etag ? { 'if-match': held.etag } : {}) }
    await this.#api.request(held.url, { method: 'PATCH', headers, body: fragment }).catch(() => {})
  }

  /** Never rejects: a stream that has ended by itself is fine, and a server notices a viewer that is gone. */
  leave(id: number): Promise<void> {
    const held = this.#held.get(id)
    this.#held.delete(id)
    if (!held) return Promise.resolve()
    const signal = AbortSignal.timeout(leaveTimeoutMs)
    const leaving = this.#api
      .request(held.url, { method: 'DELETE', signal })
      .then(
        () => {},
        () => {},
      )
      .finally(() => this.#leaving.delete(leaving))
    this.#leaving.add(leaving)
    return leaving
  }

  /** Leaves all that there is, and resolves once the server knows. */
  async close(): Promise<void> {
    for (const id of [...this.#held.keys()]) void this.leave(id)
    await Promise.all(this.#leaving)
  }
}
