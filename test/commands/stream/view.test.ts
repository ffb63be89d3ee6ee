import { describe, expect, it } from 'vitest'
import { endText, statsLine } from '../../../src/commands/stream/view.ts'
import type { ViewerSnapshot } from '../../../src/lib/client/viewer.ts'

const seen = (freezeCount: number, totalFreezesDurationS: number): ViewerSnapshot => ({
  packetsReceived: 100,
  packetsLost: 0,
  packetsRecovered: 0,
  bytesReceived: 100_000,
  framesReceived: 60,
  keyFramesReceived: 2,
  framesDropped: 0,
  freezeCount,
  totalFreezesDurationS,
  connectionState: 'connected',
  mediaTimeS: 12,
  paused: false,
  ageS: 1,
  bitrateBps: 1.2e6,
  lossRatio: 0,
  bufferS: 0.21,
})

describe('what stream says of a viewer', () => {
  it('has how often and how long the picture stood still, in a line and at the end', () => {
    expect(statsLine(seen(0, 0))).toContain('freezes 0')
    expect(statsLine(seen(0, 0))).not.toContain('(')
    expect(statsLine(seen(2, 6.28))).toContain('freezes 2 (6.3 s)')
    expect(endText({ reason: 'ended', last: seen(1, 0.5) })).toContain('60 frames, freezes 1 (0.5 s), ')
  })
})
