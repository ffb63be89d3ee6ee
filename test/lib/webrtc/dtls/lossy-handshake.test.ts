// Handshakes on a path that loses a quarter of their packets: they take longer, and all of them come to their end.
import { expect, it, onTestFinished } from 'vitest'
import { seeded } from '../../../../src/lib/base/random.ts'
import type { DatagramPath } from '../../../../src/lib/webrtc/ice/datagram-path.ts'
import { connectPair, createFactory, hangMs } from '../../../support/webrtc-pair.ts'

/** RFC 7983. */
const isDtls = (data: Buffer) => data[0]! >= 20 && data[0]! <= 63

function losingDtls(seed: number): DatagramPath {
  const random = seeded(seed)
  const pass = (data: Buffer, deliver: (data: Buffer) => void) => {
    if (!isDtls(data) || random() >= 0.25) deliver(data)
  }
  return { up: pass, down: pass, drained: async () => {} }
}

it('connects whatever is lost of a handshake, either way', { timeout: hangMs }, async () => {
  const factory = await createFactory()
  onTestFinished(() => factory.close())
  const seeds = Array.from({ length: 24 }, (_, at) => at + 1)
  const pairs = await Promise.all(seeds.map((seed) => connectPair(factory, { path: losingDtls(seed) })))
  for (const { peer, viewer } of pairs) {
    onTestFinished(() => viewer.close())
    expect([peer.connectionState, viewer.connectionState]).toEqual(['connected', 'connected'])
  }
})
