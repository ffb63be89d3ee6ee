// From getStats() of a browser to the record of a session: what was counted stays what it was.
import { describe, expect, it } from 'vitest'
import { browserRecords } from '../../../../src/lib/protocol/browser-records.ts'
import type { ServerNote } from '../../../../src/lib/protocol/control.ts'
import { clockOffsetMs } from '../../../../src/web/load/clock.ts'
import { LookSums, withRung } from '../../../../src/web/load/record.ts'
import { Waits } from '../../../../src/web/load/waits.ts'
import { type StatsEntry, takeSample } from '../../../../src/web/player/stats.ts'
import { recordOf } from '../../../support/browser-record.ts'

/** As Chromium 156 says it; Firefox leaves out what is optional. */
const report = ({ rtt = 0.05, jitter = 0.004, lost = 6 } = {}): StatsEntry[] => [
  {
    id: 'v',
    type: 'inbound-rtp',
    kind: 'video',
    packetsReceived: 100,
    packetsLost: lost,
    retransmittedPacketsReceived: 5,
    bytesReceived: 90_000,
    framesReceived: 60,
    framesDecoded: 58,
    framesDropped: 2,
    jitter,
  },
  { id: 'a', type: 'inbound-rtp', kind: 'audio', packetsReceived: 50, packetsLost: 1, bytesReceived: 5000, jitter: 1 },
  { id: 't', type: 'transport', selectedCandidatePairId: 'p' },
  { id: 'p', type: 'candidate-pair', currentRoundTripTime: rtt },
]
const freezes = { freezeCount: 1, totalFreezesDurationS: 0.4 }

describe('the record of what a browser counted', () => {
  it('adds up picture and sound', () => {
    const sums = new LookSums()
    const sample = takeSample(report(), 0)
    sums.add(sample)
    const counted = sums.counted(sample, freezes)
    expect(counted).toEqual({
      frames: 58,
      framesDropped: 2,
      freezes: 1,
      frozenS: 0.4,
      bytes: 95_000,
      packets: 150,
      packetsLost: 7,
      packetsRecovered: 5,
      roundTripMs: 50,
      jitterMs: 4,
    })
    expect(browserRecords.parse([recordOf(counted)])[0]).toMatchObject(counted)
  })

  it('has means over the looks, and no loss below nothing', () => {
    const sums = new LookSums()
    for (const rtt of [0.04, 0.06]) sums.add(takeSample(report({ rtt, jitter: rtt }), 0))
    const counted = sums.counted(takeSample(report({ lost: -9 }), 0), freezes)
    expect([counted.roundTripMs, counted.jitterMs].map((ms) => Math.round(ms!))).toEqual([50, 50])
    expect(counted.packetsLost).toBe(0)
  })

  it('has the mean of all round trips where the browser counts them', () => {
    const [video, audio, transport, pair] = report()
    const more = { ...pair!, totalRoundTripTime: 0.9, responsesReceived: 10 }
    const sample = takeSample([video!, audio!, transport!, more], 0)
    expect(new LookSums().counted(sample, freezes).roundTripMs).toBeCloseTo(90)
  })

  it('leaves out the round trips of the connecting once there are others', () => {
    const look = (totalRoundTripTime: number, responsesReceived: number) =>
      takeSample([{ id: 'p', type: 'candidate-pair', selected: true, totalRoundTripTime, responsesReceived }], 0)
    const sums = new LookSums()
    const meanAfter = (totalS: number, count: number) => {
      sums.add(look(totalS, count))
      return sums.counted(look(totalS, count), freezes).roundTripMs
    }
    expect(meanAfter(0, 0)).toBeNull()
    expect(meanAfter(0.9, 3)).toBeCloseTo(300)
    expect(meanAfter(1.1, 5)).toBeCloseTo(100)
    // Another path counts anew.
    expect(meanAfter(0.05, 1)).toBeCloseTo(50)
    expect(meanAfter(0.25, 3)).toBeCloseTo(100)
  })

  it('does not take what Firefox says before its first round trip for one', () => {
    const pair = { id: 'p', type: 'candidate-pair', selected: true }
    const none = { ...pair, currentRoundTripTime: 0, totalRoundTripTime: 0, responsesReceived: 0 }
    const sums = new LookSums()
    const sample = takeSample([none], 0)
    sums.add(sample)
    expect(sums.counted(sample, freezes).roundTripMs).toBeNull()
  })

  it('does not know what came again where the browser does not say', () => {
    const [video, ...others] = report()
    const { retransmittedPacketsReceived: _, ...firefox } = video!
    const sample = takeSample([firefox as StatsEntry, ...others], 0)
    expect(new LookSums().counted(sample, freezes)).toMatchObject({ packetsLost: 7, packetsRecovered: null })
  })

  it('does not know what nobody measured', () => {
    const sample = takeSample([], 0)
    const sums = new LookSums()
    sums.add(sample)
    expect(sums.counted(sample, freezes)).toMatchObject({ packets: 0, roundTripMs: null, jitterMs: null })
  })
})

describe('rungs', () => {
  const quality = (name: string): ServerNote => ({ type: 'quality', quality: 'auto', rung: 0, name })

  it('are noted as they change, and not without end', () => {
    let rungs = withRung([], quality('high'), 100)
    rungs = withRung(rungs, quality('high'), 200)
    rungs = withRung(rungs, { type: 'ended' }, 250)
    rungs = withRung(rungs, quality('low'.repeat(99)), 300)
    expect(rungs).toEqual([
      { atMs: 100, quality: 'high' },
      { atMs: 300, quality: 'low'.repeat(99).slice(0, 100) },
    ])
    for (let i = 0; i < 300; i++) rungs = withRung(rungs, quality(`${i}`), i)
    expect(rungs).toHaveLength(256)
    expect(browserRecords.safeParse([recordOf({ rungs: [...rungs] })]).success).toBe(true)
  })
})

describe('waits', () => {
  it('are counted from the planned moment, or from the step before', () => {
    const waits = new Waits(1000)
    expect(waits.fields).toEqual({ startupMs: null, connectMs: null, iceMs: null, dtlsMs: null, firstPacketMs: null })
    waits.reached('answered', 1100)
    waits.reached('ice', 1130)
    waits.reached('connected', 1170)
    waits.reached('packet', 1180)
    waits.reached('frame', 1250)
    waits.reached('frame', 9999)
    expect(waits.fields).toEqual({ startupMs: 250, connectMs: 170, iceMs: 30, dtlsMs: 40, firstPacketMs: 10 })
    expect([waits.since(1300), waits.since(900)]).toEqual([300, 0])
  })

  it('end no later than those that they lead to, of which a busy page may hear before', () => {
    const waits = new Waits(0)
    waits.reached('answered', 50)
    waits.reached('frame', 90)
    waits.reached('packet', 95)
    waits.reached('connected', 100)
    expect(waits.fields).toEqual({ startupMs: 90, connectMs: 90, iceMs: null, dtlsMs: null, firstPacketMs: 0 })
    waits.reached('ice', 80)
    expect(waits.fields).toMatchObject({ iceMs: 30, dtlsMs: 10 })
  })

  it('begin again with another attempt, but for what was waited altogether', () => {
    const waits = new Waits(0)
    waits.reached('answered', 10)
    waits.again()
    waits.reached('answered', 3000)
    waits.reached('ice', 3020)
    waits.reached('connected', 3050)
    expect(waits.fields).toMatchObject({ iceMs: 20, dtlsMs: 30, connectMs: 3050 })
  })
})

describe("the offset of the page's clock", () => {
  it('is that of the fastest exchange', async () => {
    // There and back, each way; the tool is 5000 ms ahead.
    const trips = [
      [40, 1],
      [2, 2],
      [1, 90],
      [30, 30],
      [9, 3],
    ]
    let nowMs = 100
    const ask = async () => {
      const [there, back] = trips.shift()!
      nowMs += there!
      const toolMs = nowMs + 5000
      nowMs += back!
      return toolMs
    }
    expect(await clockOffsetMs(ask, () => nowMs)).toBe(-5000)
    expect(trips).toEqual([])
  })
})
