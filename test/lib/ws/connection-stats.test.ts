import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { qualities } from '../../../src/lib/model/quality.ts'
import type { OutboundStats } from '../../../src/lib/model/stats.ts'
import {
  connectionScore,
  networkScore,
  toConnectionStats,
  toQualityNotice,
} from '../../../src/lib/ws/connection-stats.ts'
import { cids, createMemoryEngine, snapshotOf } from '../../support/http-engine.ts'

const engine = createMemoryEngine()
const record = await engine.open({ content: cids.film })
const plain = snapshotOf(record)
const withVideo = (change: Partial<OutboundStats>) => snapshotOf(record, { video: { ...plain.video!, ...change } })
const { roundTripTimeS: _r, fractionLost: _f, jitterS: _j, lossRatio: _l, ...unheard } = plain.video!
const unmeasured = snapshotOf(record, { video: unheard })

describe('the scores of the origin', () => {
  it.each([
    [{ roundTripTimeS: 0.6, fractionLost: 0.2, jitterS: 0.3 }, 0],
    [{ roundTripTimeS: 0.35, fractionLost: 0.06, jitterS: 0.15 }, 35],
    [{ roundTripTimeS: 0.1, fractionLost: 0.005, jitterS: 0.02 }, 100],
    [{ roundTripTimeS: 0.11, fractionLost: 0.006, jitterS: 0.021 }, 85],
  ])('give the network %j %i', (change, score) => expect(networkScore(withVideo(change))).toBe(score))

  it.each([
    [{ packetsSent: 70, packetsDropped: 30, roundTripTimeS: 0.6, fractionLost: 0.2 }, 0],
    [{ packetsSent: 98, packetsDropped: 2, roundTripTimeS: 0.2, fractionLost: 0.03 }, 80],
    [{ roundTripTimeS: 0.01, fractionLost: 0 }, 100],
  ])('give the connection %j %i', (change, score) => expect(connectionScore(withVideo(change))).toBe(score))

  it.each([
    [{ packetsDropped: 21, packetsSent: 79 }, 50],
    [{ packetsDropped: 11, packetsSent: 89 }, 70],
    [{ packetsDropped: 6, packetsSent: 94 }, 85],
    [{ packetsDropped: 2, packetsSent: 98 }, 95],
    [{ roundTripTimeS: 0.51 }, 80],
    [{ roundTripTimeS: 0.31 }, 90],
    [{ roundTripTimeS: 0.16 }, 95],
    [{ fractionLost: 0.11 }, 70],
    [{ fractionLost: 0.06 }, 80],
    [{ fractionLost: 0.03 }, 90],
  ])('give the connection %j alone %i', (change, score) => {
    const perfect = { packetsSent: 100, packetsDropped: 0, roundTripTimeS: 0.01, fractionLost: 0 }
    expect(connectionScore(withVideo({ ...perfect, ...change }))).toBe(score)
  })

  it('never rise when something gets worse', () => {
    const values = fc.record({
      roundTripTimeS: fc.double({ min: 0, max: 2, noNaN: true }),
      fractionLost: fc.double({ min: 0, max: 1, noNaN: true }),
      jitterS: fc.double({ min: 0, max: 1, noNaN: true }),
      packetsDropped: fc.nat(1000),
    })
    const key = fc.constantFrom('roundTripTimeS', 'fractionLost', 'jitterS', 'packetsDropped')
    fc.assert(
      fc.property(values, key, fc.double({ min: 1, max: 10, noNaN: true }), (before, worse, factor) => {
        const after = { ...before, [worse]: before[worse] * factor }
        return (
          networkScore(withVideo(after)) <= networkScore(withVideo(before)) &&
          connectionScore(withVideo(after))! <= connectionScore(withVideo(before))!
        )
      }),
    )
  })

  it('are not made up when nothing was measured', () => {
    expect(connectionScore(unmeasured)).toBeNull()
    expect(toQualityNotice(record, unmeasured)).toBeUndefined()
  })
})

describe('connection_stats', () => {
  const own = { kind: 'video', candidatesAdded: 2, qualityChanges: 1 }

  it('take the worse of both kinds, in milliseconds and percent', () => {
    const audio = { ...plain.video!, roundTripTimeS: 0.5, fractionLost: 0, jitterS: 0.001, framesSent: 7 }
    expect(toConnectionStats(record, snapshotOf(record, { audio }), own, 3)).toMatchObject({
      rtt: 500,
      packet_loss: 1,
      jitter: 4,
      bytes_sent: 600_000,
      frames_sent: 60,
      created_at: 1,
      duration: 2,
      streams_active: 3,
      ice_candidates_added: 2,
      adaptation_changes: 1,
      quality: 'high',
    })
  })

  it('name of a single rendition the quality that was asked for: the origin has no word for one that is fixed', () => {
    const single = snapshotOf(record, { quality: 'fixed' })
    expect(toConnectionStats(record, single, own, 1).quality).toBe(record.quality)
    expect(toQualityNotice(record, single)!.quality_level).toBe(record.quality)
    expect(qualities).toContain(record.quality)
  })

  it('say null for what is not known', () => {
    expect(toConnectionStats(record, unmeasured, own, 1)).toMatchObject({ rtt: null, packet_loss: null, jitter: null })
  })
})
