// The fence before one SCTP association: what the guard refuses is dropped, and who goes on breaking rules is told on, once.
import type { Clock } from '../../base/clock.ts'
import { TokenBucket } from '../../base/token-bucket.ts'
import { Strikes } from '../strikes.ts'
import { type Association, countChunks, refuseSctp } from './sctp-guard.ts'

/** A viewer sends some ten; a message of the longest kind has sixty. */
const maxChunksPerS = 2000

interface SctpFenceDeps {
  readonly clock: Clock
  /** Called once; nothing is admitted from then on. */
  readonly onBroken: (reason: string) => void
}

export class SctpFence {
  readonly #deps: SctpFenceDeps
  readonly #chunks = new TokenBucket({ burst: maxChunksPerS, perSecond: maxChunksPerS })
  readonly #strikes = new Strikes()
  #isBroken = false

  constructor(deps: SctpFenceDeps) {
    this.#deps = deps
  }

  admits(packet: Buffer, association: Association): boolean {
    if (this.#isBroken) return false
    if (!this.#chunks.take(countChunks(packet), this.#deps.clock.now())) {
      this.strike(`more than ${maxChunksPerS} chunks in a second`)
      return false
    }
    const refusal = refuseSctp(packet, association)
    if (refusal?.kind === 'rule') this.strike(refusal.reason)
    return refusal === undefined
  }

  /** The peer has broken a rule. */
  strike(reason: string): void {
    if (this.#isBroken || !this.#strikes.add(this.#deps.clock.now())) return
    this.#isBroken = true
    this.#deps.onBroken(reason)
  }
}
