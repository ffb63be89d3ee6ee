import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rtpCodecs } from '../../../src/lib/model/track.ts'
import { FrameAssembler, type ReceivedFrame } from '../../../src/lib/webrtc/frame-assembler.ts'
import type { ReceivedRtp } from '../../../src/lib/webrtc/receiving-peer.ts'
import { packetizeVp8 } from '../../support/webrtc-clips.ts'

const frameOf = (index: number, length: number): Buffer => {
  const frame = Buffer.alloc(length, index)
  frame[0] = index % 10 === 0 ? 0 : 1
  return frame
}

/** VP8 packets of frames of these sizes, 50 bytes a payload, sequence from near the wrap, 33 ms apart. */
function packetsOf(sizes: readonly number[]): ReceivedRtp[] {
  let sequence = 65_500
  return sizes.flatMap((size, index) =>
    packetizeVp8(frameOf(index, size), index, 50).map((payload, i, all) => ({
      kind: 'video' as const,
      codec: 'vp8' as const,
      payload,
      sequence: sequence++ & 0xffff,
      timestamp: index * 3000,
      marker: i === all.length - 1,
      payloadType: 96,
      isRecovered: false,
      atMs: index * 33,
    })),
  )
}

const assemble = (packets: readonly ReceivedRtp[]): ReceivedFrame[] => {
  const assembler = new FrameAssembler({ kind: 'video', codec: 'vp8' })
  return [...packets.flatMap((packet) => assembler.push(packet)), ...assembler.flush()]
}

const sizes = fc.array(fc.integer({ min: 2, max: 400 }), { minLength: 1, maxLength: 40 })

describe('the frame assembler', () => {
  it('gives every frame, in order and whole, when packets come late, twice or in another order', () => {
    fc.assert(
      fc.property(sizes, fc.array(fc.nat(5), { minLength: 400, maxLength: 400 }), (lengths, delays) => {
        const packets = packetsOf(lengths)
        const [first, ...rest] = packets
        const shuffled = rest
          .map((packet, i) => ({ packet, at: i + delays[i % delays.length]! }))
          .toSorted((a, b) => a.at - b.at)
          .flatMap(({ packet }, i) => (i % 7 === 0 ? [packet, packet] : [packet]))
        const frames = assemble([first!, ...shuffled])
        expect(frames.map(({ data }) => data)).toEqual(lengths.map((length, i) => frameOf(i, length)))
        expect(frames.some(({ isAfterLoss }) => isAfterLoss)).toBe(false)
        expect(frames.map(({ isKey }) => isKey)).toEqual(lengths.map((_, i) => i % 10 === 0))
      }),
      { numRuns: 100, seed: 8 },
    )
  })

  it('says when all of a frame was there, and whether part of it was sent again', () => {
    const assembler = new FrameAssembler({ kind: 'video', codec: 'vp8' })
    const [a, b, c, d] = packetsOf([40, 130, 40]).map((packet, i) => ({ ...packet, atMs: i * 10 }))
    const [, , , , last] = packetsOf([40, 130, 40]).map((packet) => ({ ...packet, atMs: 40 }))
    const frames = [a!, b!, d!, last!, { ...c!, atMs: 200, isRecovered: true }].flatMap((packet) =>
      assembler.push(packet),
    )
    expect(frames.map(({ atMs, isRecovered }) => [atMs, isRecovered])).toEqual([
      [0, false],
      [200, true],
      [40, false],
    ])
  })

  it('goes on with a key frame that is whole where it is told to, and otherwise waits for what is missing', () => {
    // The eleventh frame is a key frame; a packet of the sixth is missing until it is sent again.
    const packets = packetsOf(Array(13).fill(130))
    const missing = packets.findIndex(({ timestamp }) => timestamp === 5 * 3000) + 1
    const ordered = [...packets.toSpliced(missing, 1), { ...packets[missing]!, isRecovered: true }]
    const framesOf = (skipsToKey: boolean) => {
      const assembler = new FrameAssembler({ kind: 'video', codec: 'vp8', maxWaitMs: 10_000, skipsToKey })
      return ordered.flatMap((packet) => assembler.push(packet))
    }
    const shown = (skipsToKey: boolean) => framesOf(skipsToKey).map(({ timestamp }) => timestamp / 3000)
    expect(shown(false)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    expect(shown(true)).toEqual([0, 1, 2, 3, 4, 10, 11, 12])
    expect(framesOf(true)[5]).toMatchObject({ isKey: true, isAfterLoss: true })
  })

  it('gives only whole frames when packets are lost, and marks the one after each gap', () => {
    fc.assert(
      fc.property(sizes, fc.array(fc.nat(400), { minLength: 1, maxLength: 20 }), (lengths, lost) => {
        const packets = packetsOf(lengths)
        const left = packets.filter((_, i) => !lost.includes(i))
        const whole = lengths.flatMap((_, i) => {
          const own = (packet: ReceivedRtp) => packet.timestamp === i * 3000
          return left.filter(own).length === packets.filter(own).length ? [i] : []
        })
        const frames = assemble(left)
        expect(frames.map(({ timestamp }) => timestamp / 3000)).toEqual(whole)
        for (const [at, frame] of frames.entries()) {
          const index = frame.timestamp / 3000
          expect(frame.data).toEqual(frameOf(index, lengths[index]!))
          if (at > 0) expect(frame.isAfterLoss).toBe(whole[at - 1] !== index - 1)
        }
      }),
      { numRuns: 200, seed: 9 },
    )
  })

  it('waits for a retransmission, but not longer than it was told', () => {
    const assembler = new FrameAssembler({ kind: 'video', codec: 'vp8', maxWaitMs: 100 })
    const packets = packetsOf([40, 40, 40, 40, 40, 40])
    const push = (at: number) => assembler.push(packets[at]!).map(({ timestamp }) => timestamp / 3000)
    expect([push(0), push(2), push(3)]).toEqual([[0], [], []])
    expect(push(1)).toEqual([1, 2, 3])
    const late = new FrameAssembler({ kind: 'video', codec: 'vp8', maxWaitMs: 100 })
    for (const at of [0, 2, 3, 4]) late.push(packets[at]!)
    expect(
      late.push({ ...packets[5]!, atMs: 170 }).map(({ timestamp, isAfterLoss }) => [timestamp / 3000, isAfterLoss]),
    ).toEqual([
      [2, true],
      [3, false],
      [4, false],
      [5, false],
    ])
    expect(late.framesLost).toBe(1)
  })

  it('does not give up a frame that comes slowly but without a gap', () => {
    const assembler = new FrameAssembler({ kind: 'video', codec: 'vp8', maxWaitMs: 100 })
    const packets = packetsOf([300]).map((packet, i) => ({ ...packet, atMs: i * 90 }))
    expect(packets.flatMap((packet) => assembler.push(packet))).toHaveLength(1)
    expect(assembler.framesLost).toBe(0)
  })

  it('survives packets of any codec with any payload', () => {
    const packet = fc.record({
      sequence: fc.nat(65535),
      timestamp: fc.integer({ min: 0, max: 0xffffffff }),
      marker: fc.boolean(),
      payload: fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
      atMs: fc.nat(2000),
    })
    const codec = fc.constantFrom(...rtpCodecs)
    fc.assert(
      fc.property(codec, fc.array(packet, { maxLength: 40 }), (codec, packets) => {
        const kind = codec === 'opus' ? 'audio' : 'video'
        const assembler = new FrameAssembler({ kind, codec })
        for (const one of packets) assembler.push({ ...one, kind, codec, payloadType: 96, isRecovered: false })
        assembler.flush()
      }),
      { numRuns: 300, seed: 11 },
    )
  })
})

it('does not take the rest of an AV1 frame whose beginning was lost for a frame', () => {
  /** One OBU a payload: N for the first of a sequence, Z for none, though the second goes on with the frame of the first. */
  const payloads = [0x18, 0x10, 0x10, 0x10].map((head, i) => Buffer.from([head, i === 0 ? 0x08 : 0x30, i]))
  const [key, , rest, next] = payloads.map((payload, i) => ({
    kind: 'video' as const,
    codec: 'av1' as const,
    payload,
    sequence: i,
    timestamp: [0, 3000, 3000, 6000][i]!,
    marker: i !== 1,
    payloadType: 45,
    isRecovered: false,
    atMs: i * 200,
  }))
  const assembler = new FrameAssembler({ kind: 'video', codec: 'av1' })
  const frames = [key!, rest!, next!].flatMap((packet) => assembler.push(packet))
  frames.push(...assembler.flush())
  expect(frames.map(({ timestamp, isAfterLoss }) => [timestamp, isAfterLoss])).toEqual([
    [0, false],
    [6000, true],
  ])
})
