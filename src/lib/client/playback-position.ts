// From an RTP timestamp to the media time it shows: the viewer's half of the epoch list of the control channel.
import { type Epoch, rtpDistance } from '../protocol/control.ts'

/** Epochs that are kept; a viewer behind by more has lost them anyway. */
const maxEpochs = 64

export function createPlaybackPosition() {
  let clockRate = 90_000
  let epochs: Epoch[] = []

  return {
    setClockRate(rate: number): void {
      clockRate = rate
    },
    add(epoch: Epoch): void {
      epochs = [...epochs.slice(1 - maxEpochs), epoch]
    },
    /** Media time in seconds of a frame; undefined before the first epoch. */
    mediaTimeS(rtpTimestamp: number): number | undefined {
      const epoch = epochs.findLast((e) => rtpDistance(rtpTimestamp, e.rtpTimestamp) >= 0) ?? epochs[0]
      if (!epoch) return undefined
      return Math.max(0, epoch.mediaTimeS + (epoch.rate * rtpDistance(rtpTimestamp, epoch.rtpTimestamp)) / clockRate)
    },
  }
}
