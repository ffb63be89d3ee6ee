// Trickle ICE for WHEP (RFC 9725 4.3.2): collects local candidates and sends them in few PATCH requests.
import { readFragmentHead, writeFragment } from './sdp-fragment.ts'

const batchMs = 60

/** Sends the candidates of one peer connection. A server that takes none loses nothing: it learns them from the checks. */
export class CandidateSender {
  readonly #peer: RTCPeerConnection
  readonly #waiting: string[] = []
  #target: { url: string; etag?: string } | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #isDone = false

  constructor(peer: RTCPeerConnection) {
    this.#peer = peer
    peer.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate?.candidate) this.#waiting.push(candidate.candidate)
      else this.#isDone = true
      this.#schedule()
    })
  }

  /** From now on there is somebody to send to. */
  start(url: string, etag: string | undefined): void {
    this.#target = { url, ...(etag ? { etag } : {}) }
    this.#schedule()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#target = undefined
  }

  #schedule(): void {
    if (!this.#target || this.#timer !== undefined || this.#waiting.length === 0) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#send()
    }, batchMs)
  }

  #send(): void {
    const head = readFragmentHead(this.#peer.localDescription?.sdp ?? '')
    if (!this.#target || !head) return
    const body = writeFragment(head, this.#waiting.splice(0), this.#isDone)
    const headers: Record<string, string> = { 'content-type': 'application/trickle-ice-sdpfrag' }
    if (this.#target.etag) headers['if-match'] = this.#target.etag
    fetch(this.#target.url, { method: 'PATCH', headers, body }).catch(() => undefined)
  }
}
