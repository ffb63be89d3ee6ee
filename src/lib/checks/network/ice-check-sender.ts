// Sends ICE checks to each candidate, small ones and then a large one, until they are answered, and counts those of the other side.
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { type Clock, every } from '../../base/clock.ts'
import { hasIntegrity, localFragmentOf, stunClassOf, transactionOf } from '../../webrtc/ice/stun.ts'
import { writeBindingRequest } from '../../webrtc/ice/stun-write.ts'
import type { IceParameters } from '../../webrtc/sdp/sdp.ts'
import type { NamedCandidate } from '../webrtc/candidates.ts'

/** As large as packets of media get; 1228 bytes with IP and UDP headers. */
const largeBytes = 1200
const againMs = 150
const lookMs = 10

export interface ProbedCandidate extends NamedCandidate {
  /** False for one that nobody elsewhere can have: it was not asked. */
  readonly isAsked: boolean
  /** From the first check to the answer. */
  readonly answeredMs?: number
  readonly isLargeAnswered: boolean
}

type Writable = { -readonly [K in keyof ProbedCandidate]: ProbedCandidate[K] }

interface SenderParts {
  /** At most one of each family; they are not closed here. */
  readonly sockets: readonly Socket[]
  readonly ice: IceParameters
  readonly theirs: IceParameters
  /** What is found is noted in them. */
  readonly candidates: Writable[]
  readonly clock: Clock
}

export class IceCheckSender {
  /** Checks of the other side that came. */
  heard = 0
  readonly #parts: SenderParts
  readonly #sent = new Map<string, { readonly candidate: Writable; readonly isLarge: boolean }>()
  readonly #tieBreaker = randomBytes(8).readBigUInt64BE()
  readonly #beganMs: number

  constructor(parts: SenderParts) {
    this.#parts = parts
    this.#beganMs = parts.clock.now()
    for (const socket of parts.sockets) socket.on('message', (packet) => this.#receive(packet))
  }

  get isAnyAnswered(): boolean {
    return this.#asked.some(({ answeredMs }) => answeredMs !== undefined)
  }

  /** Asks each candidate what it has not answered yet. */
  round(): void {
    for (const candidate of this.#asked) {
      if (candidate.answeredMs === undefined) this.#send(candidate, false)
      else if (!candidate.isLargeAnswered) this.#send(candidate, true)
    }
  }

  /** Resolves when all is answered and the other side was listened to for `listenMs`, or heard; at the latest after `timeoutMs`. */
  run(signal: AbortSignal, { timeoutMs, listenMs }: { timeoutMs: number; listenMs: number }): Promise<void> {
    const { clock } = this.#parts
    return new Promise((resolve, reject) => {
      const end = () => {
        for (const timer of timers) timer.cancel()
        signal.removeEventListener('abort', stop)
      }
      const stop = () => {
        end()
        reject(signal.reason)
      }
      const look = () => {
        const elapsedMs = clock.now() - this.#beganMs
        const isDone = this.#isAllAnswered && (this.heard > 0 || elapsedMs > listenMs)
        if (!isDone && elapsedMs < timeoutMs) return
        end()
        resolve()
      }
      const timers = [every(clock, againMs, () => this.round()), every(clock, lookMs, look)]
      signal.addEventListener('abort', stop, { once: true })
      this.round()
    })
  }

  get #asked(): Writable[] {
    return this.#parts.candidates.filter(({ isAsked }) => isAsked)
  }

  get #isAllAnswered(): boolean {
    return this.#asked.every((one) => one.answeredMs !== undefined && one.isLargeAnswered)
  }

  #send(candidate: Writable, isLarge: boolean): void {
    const { sockets, theirs, ice } = this.#parts
    const socket = sockets.find((one) => (one.address().family === 'IPv6') === isIPv6(candidate.address))
    const asking = {
      username: `${theirs.ufrag}:${ice.ufrag}`,
      password: theirs.password,
      isControlling: true,
      tieBreaker: this.#tieBreaker,
    }
    const bare = writeBindingRequest(asking)
    const paddingBytes = largeBytes - bare.length - 4
    const request = isLarge ? writeBindingRequest({ ...asking, paddingBytes }) : bare
    this.#sent.set(transactionOf(request), { candidate, isLarge })
    // A host without a route says so at once; one that drops says nothing: both are no answer.
    socket?.send(request, candidate.port, candidate.address, () => {})
  }

  #receive(packet: Buffer): void {
    const { ice, theirs, clock } = this.#parts
    const stunClass = stunClassOf(packet)
    if (stunClass === 'request' && localFragmentOf(packet) === ice.ufrag && hasIntegrity(packet, ice.password))
      this.heard++
    if (stunClass !== 'response' || !hasIntegrity(packet, theirs.password)) return
    const request = this.#sent.get(transactionOf(packet))
    if (request?.isLarge) request.candidate.isLargeAnswered = true
    else if (request) request.candidate.answeredMs ??= clock.now() - this.#beganMs
  }
}
