import { expect, test } from 'vitest'
import { opusDurationS, opusSamples } from '../../../src/lib/codec/opus-toc.ts'

test.each([
  ['SILK 60 ms, one frame', [3 << 3], 2880],
  ['SILK 10 ms, two frames', [(0 << 3) | 1], 960],
  ['hybrid 20 ms', [15 << 3], 960],
  ['CELT 2.5 ms', [16 << 3], 120],
  ['CELT 20 ms', [31 << 3], 960],
  ['CELT 20 ms, code 3 with three frames', [(31 << 3) | 3, 3], 2880],
  ['more than 120 ms, which no packet may hold', [(31 << 3) | 3, 63], 5760],
  ['nothing', [], 0],
])('an Opus packet says how long it is: %s', (_name, bytes, samples) => {
  const packet = Uint8Array.from(bytes)
  expect(opusSamples(packet)).toBe(samples)
  expect(opusDurationS(packet)).toBe(samples === 5760 ? 0 : samples / 48_000)
})
