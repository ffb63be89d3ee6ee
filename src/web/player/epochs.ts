// Media time of what is shown: the server's epochs say which media time an RTP timestamp stands for, and how it runs on.
import { type Epoch, rtpDistance } from '../../lib/protocol/control.ts'

/** Enough for a viewer who scrubs: the ones before the shown frame are dropped anyway. */
const maxEpochs = 256

/** Media time of `rtpTimestamp` within `epoch`, in seconds. */
export function mediaTimeIn(epoch: Epoch, rtpTimestamp: number, clockRate: number): number {
  return epoch.mediaTimeS + (epoch.rate * rtpDistance(rtpTimestamp, epoch.rtpTimestamp)) / clockRate
}

/** The epochs of one stream, oldest first. */
export class EpochList {
  readonly #epochs: Epoch[] = []

  get last(): Epoch | undefined {
    return this.#epochs.at(-1)
  }

  /** Takes a new epoch. One that starts at or before its predecessors replaces them: the server changed its mind. */
  add(epoch: Epoch): void {
    while (this.last && rtpDistance(epoch.rtpTimestamp, this.last.rtpTimestamp) <= 0) this.#epochs.pop()
    this.#epochs.push(epoch)
    if (this.#epochs.length > maxEpochs) this.#epochs.shift()
  }

  clear(): void {
    this.#epochs.length = 0
  }

  /**
   * The last epoch at or before `rtpTimestamp`; the first one when all are later; undefined when there is none.
   * Epochs before the answer are forgotten: what is shown only goes forward on the RTP clock.
   */
  at(rtpTimestamp: number): Epoch | undefined {
    let found = 0
    for (let i = this.#epochs.length - 1; i > 0; i--) {
      if (rtpDistance(rtpTimestamp, this.#epochs[i]!.rtpTimestamp) >= 0) {
        found = i
        break
      }
    }
    this.#epochs.splice(0, found)
    return this.#epochs[0]
  }
}

/** Keeps a media time inside the content; a loop or the last frame may overshoot by a little. */
export function clampTime(timeS: number, durationS: number | undefined): number {
  const floor = Math.max(0, timeS)
  return durationS && durationS > 0 ? Math.min(floor, durationS) : floor
}
