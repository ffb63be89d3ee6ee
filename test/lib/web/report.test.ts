import { describe, expect, it } from 'vitest'
import { createFreezeLedger } from '../../../src/web/player/freeze-ledger.ts'
import { reportOf } from '../../../src/web/player/report.ts'
import { takeSample } from '../../../src/web/player/stats.ts'

/** Looks two seconds apart: frames decoded, and freezes as the browser has counted them so far. */
function ledgerOf() {
  const ledger = createFreezeLedger()
  const look = (framesDecoded: number, freezeCount: number, totalFreezesDurationS: number, isInterrupted = false) =>
    ledger.add({ framesDecoded, freezeCount, totalFreezesDurationS }, isInterrupted)
  return { ...ledger, look }
}

describe('freezes that the viewer did not cause', () => {
  it('count', () => {
    const { look } = ledgerOf()
    look(60, 0, 0)
    expect(look(100, 1, 0.7)).toEqual({ freezeCount: 1, totalFreezesDurationS: 0.7 })
    expect(look(160, 1, 0.7)).toEqual({ freezeCount: 1, totalFreezesDurationS: 0.7 })
  })

  it('count beside those of a pause, however long it lasted', () => {
    const { look, interrupt } = ledgerOf()
    look(60, 1, 0.3)
    interrupt()
    look(75, 1, 0.3, true)
    look(75, 1, 0.3, true)
    interrupt()
    look(75, 1, 0.3)
    expect(look(120, 2, 6.3)).toEqual({ freezeCount: 1, totalFreezesDurationS: 0.3 })
    expect(look(150, 3, 6.8)).toEqual({ freezeCount: 2, totalFreezesDurationS: expect.closeTo(0.8) })
  })

  it('count beside that of a seek between two looks', () => {
    const { look, interrupt } = ledgerOf()
    look(60, 0, 0)
    interrupt()
    expect(look(110, 1, 0.4)).toEqual({ freezeCount: 0, totalFreezesDurationS: 0 })
    expect(look(150, 2, 0.9)).toEqual({ freezeCount: 1, totalFreezesDurationS: 0.5 })
  })

  it('are never less than nothing where the counters begin anew', () => {
    const { look } = ledgerOf()
    look(60, 3, 2)
    expect(look(10, 0, 0)).toEqual({ freezeCount: 3, totalFreezesDurationS: 2 })
  })
})

describe('a report', () => {
  const freezes = { freezeCount: 0, totalFreezesDurationS: 0 }

  it('without video says nothing of frames and freezes, not that there were none', () => {
    const audio = {
      id: 'a',
      type: 'inbound-rtp',
      kind: 'audio',
      packetsReceived: 50,
      totalSamplesReceived: 48_000,
      concealedSamples: 3,
    }
    const report = reportOf(takeSample([audio], 0), undefined, freezes, 120)
    expect(report).toMatchObject({ concealedSamples: 3, totalSamplesReceived: 48_000, firstFrameMs: 120 })
    for (const field of ['framesDecoded', 'framesReceived', 'freezeCount', 'frameWidth'])
      expect(report).not.toHaveProperty(field)
  })

  it('has rates only between two looks', () => {
    const look = (atMs: number, framesDecoded: number) =>
      takeSample(
        [
          {
            id: 'v',
            type: 'inbound-rtp',
            kind: 'video',
            packetsReceived: 10,
            framesDecoded,
            bytesReceived: framesDecoded,
          },
        ],
        atMs,
      )
    expect(reportOf(look(0, 0), undefined, freezes, undefined)).not.toHaveProperty('framesPerSecond')
    expect(reportOf(look(2000, 60), look(0, 0), freezes, undefined).framesPerSecond).toBe(30)
  })
})
