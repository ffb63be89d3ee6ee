import { expect, it } from 'vitest'
import { connectionAt, newPlayed } from '../../../src/lib/client/replay-rows.ts'
import { connectionRow, sampleRow } from '../../../src/lib/history/rows.ts'
import { columnOf } from '../../../src/lib/model/figure-table.ts'
import { measure } from '../../../src/lib/model/figures.ts'
import { newPeerStates, type StreamRecord } from '../../../src/lib/model/stream.ts'
import { toLiveConnection } from '../../../src/lib/protocol/live.ts'
import { counted, outbound } from '../../support/stats.ts'

const stream: StreamRecord = {
  ...{ id: 'a', content: 'bafy', state: 'active', quality: 'auto', createdAtMs: 0, connectedAtMs: 200, sent: [] },
  peerStates: newPeerStates,
}
const before = counted({
  atMs: 1000,
  viewer: { atMs: 900, totalFreezesDurationS: 0, framesDecoded: 0, framesDropped: 0 },
})
const report = { packetsLost: 9, highestSequence: 300, fractionLost: 0.031, roundTripTimeS: 0.34, jitterS: 0.06 }
const seen = { atMs: 2900, freezeCount: 1, totalFreezesDurationS: 0.2, framesDecoded: 50, framesDropped: 5 }

/** As SQLite gives it back. */
const asRow = (row: object) =>
  Object.fromEntries(Object.entries(row).map(([field, value]) => [columnOf(field), value ?? null]))

it.each([
  ['with all that can be wrong', { underruns: 2, isReporting: true, viewer: seen, pictureHeight: 180 }],
  ['of a viewer that says nothing', { pictureHeight: 720 }],
])('a score %s reads the same live and played again', (_name, change) => {
  const snapshot = measure(counted({ atMs: 3000, video: outbound(report), ...change }), before)
  const { figures } = snapshot
  const live = toLiveConnection({ stream, snapshot, figures, updatedAtMs: 3000, events: [], errors: [], tasks: [] })
  const row = newPlayed(asRow(connectionRow(stream, snapshot)))
  const played = connectionAt({ ...row, sample: asRow(sampleRow(snapshot)) }, 3000)
  expect(played.health).toEqual(live.health)
  expect(played.videoQuality).toEqual(live.videoQuality)
  expect(played.sample).toEqual(live.sample)
  expect(live.health!.reasons.map(({ text }) => text)).toContain('loss 3.1 %')
})
