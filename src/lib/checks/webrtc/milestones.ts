// What a connection comes to, as it comes to it: a time for each, once.
import type { Clock } from '../../base/clock.ts'
import type { Viewer } from '../../client/viewer.ts'
import type { Quality } from '../../model/quality.ts'
import { parseServerNote } from '../../protocol/server-note.ts'
import type { ReceivingPeer } from '../../webrtc/receiving-peer.ts'

export type Milestone = 'ice' | 'dtls' | 'first-rtp' | 'first-key-frame' | 'control'

/** What came of media so far. */
export interface MediaSeen {
  readonly packets: number
  /** Of the largest RTP payload. */
  readonly largestBytes: number
}

export class Milestones {
  readonly #clock: Clock
  readonly #peer: ReceivingPeer
  readonly #reached: Record<Milestone, PromiseWithResolvers<number>>
  #packets = 0
  #largestBytes = 0
  /** When the command was sent that is to be answered. */
  #askedAtMs: number | undefined
  /** As the server said it. */
  #quality: Quality | undefined
  roundTripMs: number | undefined

  constructor(peer: ReceivingPeer, clock: Clock) {
    this.#clock = clock
    this.#peer = peer
    const promise = () => Promise.withResolvers<number>()
    this.#reached = {
      ice: promise(),
      dtls: promise(),
      'first-rtp': promise(),
      'first-key-frame': promise(),
      control: promise(),
    }
    peer.events.on('state', (connection, ice) => {
      if (ice === 'connected') this.#reach('ice')
      if (connection === 'connected') this.#reach('dtls')
    })
    peer.events.on('rtp', ({ payload }) => {
      this.#packets++
      this.#largestBytes = Math.max(this.#largestBytes, payload.length)
      this.#reach('first-rtp')
    })
    peer.events.on('control', (text) => this.#onControl(text))
    peer.events.on('controlOpen', () => this.#ask())
  }

  get seen(): MediaSeen {
    return { packets: this.#packets, largestBytes: this.#largestBytes }
  }

  /** Where there is no video, the first whole frame of sound counts. */
  follow(viewer: Viewer): void {
    viewer.events.on('frame', ({ kind, isKey }) => {
      const hasVideo = viewer.sent.length === 0 || viewer.sent.some((track) => track.kind === 'video')
      if (kind === 'video' ? isKey : !hasVideo) this.#reach('first-key-frame')
    })
  }

  /** Resolves with the time. */
  until(milestone: Milestone): Promise<number> {
    return this.#reached[milestone].promise
  }

  #reach(milestone: Milestone): void {
    this.#reached[milestone].resolve(this.#clock.now())
  }

  /** The server greets with the quality that holds. Asked for the same again it changes nothing, and answers. */
  #onControl(text: string): void {
    const note = parseServerNote(text)
    if (note?.type !== 'quality') return
    if (this.#askedAtMs === undefined) {
      this.#quality = note.quality
      this.#ask()
    } else {
      this.roundTripMs ??= this.#clock.now() - this.#askedAtMs
      this.#reach('control')
    }
  }

  /** The greeting may come before the channel counts as open on this side. */
  #ask(): void {
    if (this.#askedAtMs !== undefined || this.#quality === undefined) return
    const command = { type: 'quality', quality: this.#quality }
    if (this.#peer.sendControl(JSON.stringify(command))) this.#askedAtMs = this.#clock.now()
  }
}
