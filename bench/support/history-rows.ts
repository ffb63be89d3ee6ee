// Rows such as a server writes: values that move, so that they do not compress to nothing.

import type { ConnectionRow, SampleRow } from '../../src/lib/history/rows.ts'
import { eachFigure } from '../../src/lib/model/figure-table.ts'

export const connectionOf = (at: number, createdAtMs: number): ConnectionRow => ({
  id: `connection-${at}`,
  content: 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi/film.mp4',
  createdAtMs,
  connectedAtMs: createdAtMs + 200,
  closedAtMs: null,
  closeReason: null,
  errorCode: null,
  error: null,
  peer: '192.0.2.1:50000',
  codecs: 'vp9,opus',
  firstFrameMs: 200 + (at % 50) * 7,
  freezeCount: at % 3,
  freezeS: (at % 3) * 0.4,
  underruns: 0,
})

export const sampleOf = (connection: string, atMs: number, poll: number): SampleRow => ({
  ...eachFigure(() => null),
  atMs,
  connection,
  mediaTimeS: poll * 2,
  quality: 'high',
  bitrateBps: 1_500_000 + ((poll * 7919) % 400_000),
  lossRatio: ((poll * 13) % 40) / 1000,
  roundTripMs: 40 + ((poll * 17) % 30),
  jitterMs: 2 + ((poll * 5) % 11) / 3,
  bufferS: 2 + ((poll * 3) % 7) / 4,
  framesPerSecond: 29 + ((poll * 11) % 20) / 10,
  health: 80 + (poll % 20),
  videoQuality: 75 + (poll % 25),
  underruns: Math.floor(poll / 500),
  freezeCount: Math.floor(poll / 300),
  freezeS: Math.floor(poll / 300) * 0.4,
  reasons: poll % 9 === 0 ? '−5: RTT 60 ms, −10: loss 3.1 %' : '',
})
