// From what a browser counted to the record that the tool takes.
import { maxRungs } from '../../lib/protocol/browser-load.ts'
import type { BrowserRecord } from '../../lib/protocol/browser-records.ts'
import type { ServerNote } from '../../lib/protocol/control.ts'
import type { Freezes } from '../../lib/protocol/freezes.ts'
import type { Sample } from '../player/stats.ts'

type Counted = Omit<
  BrowserRecord,
  | 'session'
  | 'sequence'
  | 'atMs'
  | 'startupMs'
  | 'connectMs'
  | 'iceMs'
  | 'dtlsMs'
  | 'firstPacketMs'
  | 'durationS'
  | 'rungs'
  | 'isOver'
  | 'error'
>

interface Mean {
  sum: number
  count: number
}

const add = (mean: Mean, value: number | undefined) => {
  if (value === undefined) return
  mean.sum += value
  mean.count++
}
const meanOf = ({ sum, count }: Mean) => (count > 0 ? sum / count : null)

/** Sums up the looks at one session. */
export class LookSums {
  readonly #roundTripMs: Mean = { sum: 0, count: 0 }
  readonly #jitterMs: Mean = { sum: 0, count: 0 }

  /** Of the first look that had any: those before it belong to the connecting, when both ends have much else to do. */
  #firstTrips: RoundTrips | undefined

  /** A look, once a second. */
  add(sample: Sample): void {
    const { roundTripTimeS, videoJitterS, audioJitterS } = sample
    const trips = roundTripsOf(sample)
    if (trips && trips.count > 0 && !(this.#firstTrips && this.#firstTrips.count <= trips.count))
      this.#firstTrips = trips
    const jitterS = videoJitterS ?? audioJitterS
    add(this.#roundTripMs, roundTripTimeS === undefined ? undefined : roundTripTimeS * 1000)
    add(this.#jitterMs, jitterS === undefined ? undefined : jitterS * 1000)
  }

  /** Round trips are the mean of all that the browser has measured where it says so, else of the looks. */
  counted(sample: Sample, { freezeCount, totalFreezesDurationS }: Freezes): Counted {
    const allMs = meanRoundTripMs(roundTripsOf(sample), this.#firstTrips)
    return {
      frames: sample.framesDecoded,
      framesDropped: sample.framesDropped,
      freezes: freezeCount,
      frozenS: totalFreezesDurationS,
      bytes: sample.bytesReceived,
      packets: sample.packetsReceived,
      packetsLost: Math.max(0, sample.packetsLost),
      packetsRecovered: sample.packetsRecovered ?? null,
      roundTripMs: allMs === undefined ? meanOf(this.#roundTripMs) : allMs,
      jitterMs: meanOf(this.#jitterMs),
    }
  }
}

interface RoundTrips {
  readonly totalS: number
  readonly count: number
}

/** Undefined where the browser does not count them. */
const roundTripsOf = ({ totalRoundTripTimeS: totalS, roundTrips: count }: Sample): RoundTrips | undefined =>
  totalS === undefined || count === undefined ? undefined : { totalS, count }

/** Of those after the first look, or of all where there were none; null before any. */
function meanRoundTripMs(all: RoundTrips | undefined, first: RoundTrips | undefined): number | null | undefined {
  if (!all) return undefined
  if (all.count === 0) return null
  const { totalS, count } = first && all.count > first.count ? first : { totalS: 0, count: 0 }
  return Math.max(0, ((all.totalS - totalS) / (all.count - count)) * 1000)
}

type Rung = BrowserRecord['rungs'][number]

/** The rungs with what a note says of them. Of more than can be told the first ones stay. */
export function withRung(rungs: readonly Rung[], note: ServerNote, atMs: number): readonly Rung[] {
  if (note.type !== 'quality' || rungs.length >= maxRungs || rungs.at(-1)?.quality === note.name) return rungs
  return [...rungs, { atMs, quality: note.name.slice(0, 100) }]
}
