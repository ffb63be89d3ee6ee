import { describe, expect, it } from 'vitest'
import {
  eachFigure,
  type FigureSpec,
  figureTable,
  figureUnits,
  sampleFigures,
  toneOfFigure,
} from '../../../src/lib/model/figure-table.ts'
import { figuresOf, measure } from '../../../src/lib/model/figures.ts'
import { webrtcMetrics } from '../../../src/lib/protocol/metrics.ts'
import { counted, outbound } from '../../support/stats.ts'

describe('the figures of a moment', () => {
  it('are null where nobody measured, and rates before there are two moments', () => {
    expect(figuresOf(counted(), undefined)).toEqual({ ...eachFigure(() => null), bufferS: 2 })
  })

  it('count pictures a second, and none of sound alone', () => {
    const at = (atMs: number, framesSent: number, kind: 'video' | 'audio') =>
      counted({ atMs, [kind]: outbound({ framesSent, bytesSent: framesSent * 1000 }) })
    expect(figuresOf(at(3000, 90, 'video'), at(1000, 30, 'video'))).toMatchObject({
      framesPerSecond: 30,
      bitrateBps: 240_000,
    })
    expect(figuresOf(at(3000, 90, 'video'), at(3000, 90, 'video')).framesPerSecond).toBeNull()
    expect(figuresOf(at(3000, 10, 'video'), at(1000, 30, 'video')).framesPerSecond).toBe(0)
    expect(figuresOf(at(3000, 150, 'audio'), at(1000, 50, 'audio')).framesPerSecond).toBeNull()
  })
})

describe('a snapshot beside the one before', () => {
  const report = { fractionLost: 0.03, packetsLost: 3, highestSequence: 40, jitterS: 0.06, roundTripTimeS: 0.34 }
  const viewer = { atMs: 9000, totalFreezesDurationS: 0.12, framesDecoded: 60, framesDropped: 0 }
  const before = counted({
    atMs: 8000,
    viewer: { atMs: 7000, totalFreezesDurationS: 0, framesDecoded: 0, framesDropped: 0 },
  })
  const now = counted({
    ...{ atMs: 10_000, underruns: 1, isReporting: true, pictureHeight: 720, viewer },
    ...{ video: outbound(report), audio: outbound() },
  })

  it('has figures, scores and shares with what was counted, and says beside what', () => {
    expect(measure(now, before)).toMatchObject({
      health: { value: 100 - 20 - 15 - 10 - 15 - 30, unknown: [] },
      videoQuality: { value: 80, unknown: [] },
      video: { ...report, lossRatio: 0.03 },
      viewer: { ...viewer, frozenRatio: 0.06, droppedRatio: 0 },
      figures: { health: 10, videoQuality: 80, roundTripMs: 340 },
      before,
    })
  })

  it('scores nothing of what the viewer saw where it has fallen silent', () => {
    const silent = measure({ ...now, isReporting: false }, before)
    expect(silent.videoQuality).not.toHaveProperty('value')
    expect(silent.health).toMatchObject({ unknown: ['frozen'] })
  })

  it('says 0 bit/s where there is nothing before, or the clock was set back', () => {
    expect(measure(now, undefined)).toMatchObject({ bitrateBps: 0 })
    expect(measure({ ...now, atMs: 7000 }, before)).toMatchObject({ bitrateBps: 0, figures: { bitrateBps: null } })
  })
})

describe('the table of figures', () => {
  const specs = sampleFigures.map((name): [string, FigureSpec] => [name, figureTable[name]])

  it.each(specs)('names for %s metrics that there are', (_name, { metrics }) => {
    const { connection, all } = metrics ?? {}
    if (connection) expect(webrtcMetrics).toHaveProperty([connection[0]], expect.objectContaining({ type: 'gauge' }))
    if (connection)
      expect(Object.keys(connection[2] ?? {})).toEqual(
        (webrtcMetrics as Record<string, { labels: readonly string[] }>)[connection[0]]!.labels.filter(
          (label) => label !== 'connection_id',
        ),
      )
    if (all) expect(webrtcMetrics).toHaveProperty([all[0]], expect.objectContaining({ type: 'histogram' }))
  })

  it('gives each a name of its own in reports, and a unit', () => {
    expect(new Set(specs.map(([, { report }]) => report)).size).toBe(specs.length)
    for (const [, { unit }] of specs) expect(figureUnits).toHaveProperty(unit)
  })

  it('tells good from bad by bounds, whichever way is better', () => {
    expect([0.02, 0.021, 0.051].map((loss) => toneOfFigure('lossRatio', loss))).toEqual(['good', 'fair', 'bad'])
    expect([80, 79, 49].map((points) => toneOfFigure('health', points))).toEqual(['good', 'fair', 'bad'])
    expect(toneOfFigure('bitrateBps', 0)).toBeUndefined()
    expect(toneOfFigure('health', null)).toBeUndefined()
  })
})
