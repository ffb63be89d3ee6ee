// One stream of a signalling client: what waits for the other side of its negotiation, and what its statistics count.
import type { IceCandidate } from '../protocol/media-plane.ts'

const maxEarlyCandidates = 64
type Candidate = IceCandidate | null

export class OwnedStream {
  readonly kind: string
  quality: string
  qualityChanges = 0
  candidatesAdded = 0
  noticedAtMs = Number.NEGATIVE_INFINITY
  readonly #earlyLocal: Candidate[] = []
  readonly #earlyRemote: Candidate[] = []
  #isOffered = false
  #isAnswered = false
  #tail: Promise<void> = Promise.resolve()

  constructor(kind: string, quality: string) {
    this.kind = kind
    this.quality = quality
  }

  /** Runs what the client asks of this stream one after the other. */
  inOrder(run: () => Promise<void>): Promise<void> {
    const done = this.#tail.then(run)
    this.#tail = done.catch(() => {})
    return done
  }

  /** Candidates of ours that the client may be told now: none before its offer. */
  local(candidate: Candidate): readonly Candidate[] {
    return passOrKeep(this.#isOffered, this.#earlyLocal, candidate)
  }

  /** Candidates of the client that the engine may get now: none before the client's answer. */
  remote(candidate: Candidate): readonly Candidate[] {
    if (candidate) this.candidatesAdded++
    return passOrKeep(this.#isAnswered, this.#earlyRemote, candidate)
  }

  /** The offer is out. Returns the candidates of ours that waited for it. */
  offered(): readonly Candidate[] {
    this.#isOffered = true
    return this.#earlyLocal.splice(0)
  }

  /** The engine has the answer. Returns the client's candidates that waited for it. */
  answered(): readonly Candidate[] {
    this.#isAnswered = true
    return this.#earlyRemote.splice(0)
  }
}

function passOrKeep(isOpen: boolean, early: Candidate[], candidate: Candidate): readonly Candidate[] {
  if (isOpen) return [candidate]
  if (early.length < maxEarlyCandidates) early.push(candidate)
  return []
}
