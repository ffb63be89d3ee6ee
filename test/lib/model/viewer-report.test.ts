import { expect, it } from 'vitest'
import { impossibleCounters } from '../../../src/lib/model/viewer-report.ts'

it('a viewer cannot have seen more than there was time for', () => {
  const honest = {
    framesReceived: 3600,
    totalFreezesDurationS: 30,
    freezeCount: 4,
    bytesReceived: 1e8,
    firstFrameMs: 300,
  }
  expect(impossibleCounters(honest, 60)).toEqual([])
  expect(impossibleCounters({}, 0)).toEqual([])
  const most = Number.MAX_SAFE_INTEGER
  expect(
    impossibleCounters({ ...honest, freezeCount: most, totalFreezesDurationS: 1e9, bytesReceived: most }, 60),
  ).toEqual(['freezeCount', 'totalFreezesDurationS', 'bytesReceived'])
})

it('a viewer may have begun to count before the stream was open', () => {
  expect(impossibleCounters({ totalFreezesDurationS: 10, framesReceived: 300 }, 0)).toEqual([])
})
