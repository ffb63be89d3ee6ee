// Trickle ICE for WHEP (RFC 9725 4.3.2, RFC 8840): collects local candidates and sends them in few PATCH requests.

/** What a fragment needs from the local description. */
export interface FragmentHead {
  readonly ufrag: string
  readonly pwd: string
  /** The first section's `m=` line and mid, as RFC 8840 wants. */
  readonly mLine: string
  readonly mid: string
}

/** Reads the head of a fragment from a local SDP; undefined when there is no media section with ICE credentials. */
export function readFragmentHead(sdp: string): FragmentHead | undefined {
  const ufrag = /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1]
  const pwd = /^a=ice-pwd:(\S+)/m.exec(sdp)?.[1]
  const mLine = /^m=.*$/m.exec(sdp)?.[0].trim()
  const mid = /^a=mid:(\S+)/m.exec(sdp)?.[1]
  return ufrag && pwd && mLine && mid ? { ufrag, pwd, mLine, mid } : undefined
}

/** An `application/trickle-ice-sdpfrag` body with these candidates of the bundled transport. */
export function writeFragment(head: FragmentHead, candidates: readonly string[], isEnd: boolean): string {
  const lines = [`a=ice-ufrag:${head.ufrag}`, `a=ice-pwd:${head.pwd}`, head.mLine, `a=mid:${head.mid}`]
  for (const candidate of candidates) lines.push(`a=${candidate.replace(/^a=/, '')}`)
  if (isEnd) lines.push('a=end-of-candidates')
  return `${lines.join('\r\n')}\r\n`
}

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
