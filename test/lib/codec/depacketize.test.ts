import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codecs } from '../../../src/lib/codec/index.ts'

describe('depacketizers', () => {
  const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

  it('put H.264 together from single, aggregated and fragmented units', () => {
    const sps = hex('67 42 00')
    const pps = hex('68 ce')
    const aggregate = hex('78 0003 674200 0002 68ce')
    const fragments = [hex('7c 85 88 01'), hex('7c 05 02'), hex('7c 45 03')]
    const start = hex('00000001')
    const frame = codecs.h264.depacketizer.join([aggregate, ...fragments])
    expect(frame).toEqual({ data: Buffer.concat([start, sps, start, pps, start, hex('65 88 01 02 03')]), isKey: true })
    expect(codecs.h264.depacketizer.join([hex('61 9a 11')])).toEqual({ data: hex('00000001 619a11'), isKey: false })
    expect(codecs.h264.depacketizer.join(fragments.slice(1))).toBeUndefined()
    expect(codecs.h264.depacketizer.join([hex('78 00ff 67')])).toBeUndefined()
    expect([aggregate, ...fragments].map(codecs.h264.depacketizer.isStart)).toEqual([true, true, false, false])
  })

  it('put VP8 together, with picture ids, layers and key indices', () => {
    const first = hex('90 e0 8102 07 40 00aa')
    expect(codecs.vp8.depacketizer.join([first, hex('80 80 05 bb')])).toEqual({ data: hex('00aabb'), isKey: true })
    expect(codecs.vp8.depacketizer.join([hex('90 80 8102')])).toBeUndefined()
  })

  it('put VP9 together, with picture ids, flexible references and a scalability structure', () => {
    // I, B, V: 15-bit id; one spatial layer with a size; no picture group.
    const key = hex('8a 8123 10 0280 01e0 83 49')
    expect(codecs.vp9.depacketizer.join([key, hex('84 8123 42')])).toEqual({ data: hex('834942'), isKey: true })
    expect(codecs.vp9.depacketizer.join([hex('dc 8124 02 86 01')])).toEqual({ data: hex('8601'), isKey: false })
    // I, L, B, V: layer indices with TL0PICIDX; a structure with a picture group.
    expect(codecs.vp9.depacketizer.join([hex('aa 8102 00 05 18 0280 0168 01 04 01 cc')])).toEqual({
      data: hex('cc'),
      isKey: true,
    })
    expect(codecs.vp9.depacketizer.join([hex('84 8123 42')])).toBeUndefined()
    expect(codecs.vp9.depacketizer.join([hex('8a 81')])).toBeUndefined()
  })

  it('put AV1 together with sizes, without temporal delimiters', () => {
    // W=2: sequence header with a length, frame to the end, continued in the next packet.
    const packets = [hex('68 03 080a0b 30 01 02'), hex('90 03 04')]
    expect(codecs.av1.depacketizer.join(packets)).toEqual({ data: hex('0a02 0a0b 3204 01020304'), isKey: true })
    expect(codecs.av1.depacketizer.join([hex('10 30 05')])).toEqual({ data: hex('3201 05'), isKey: false })
    expect(codecs.av1.depacketizer.join(packets.slice(1))).toBeUndefined()
    expect(codecs.av1.depacketizer.join(packets.slice(0, 1))).toBeUndefined()
  })

  it('never throw, whatever the payloads', () => {
    const payloads = fc.array(
      fc.uint8Array({ maxLength: 24 }).map((bytes) => Buffer.from(bytes)),
      { minLength: 1, maxLength: 4 },
    )
    fc.assert(
      fc.property(payloads, (some) => {
        for (const { depacketizer } of Object.values(codecs)) {
          depacketizer.isStart(some[0]!)
          depacketizer.join(some)
        }
      }),
      { numRuns: 1500, seed: 10 },
    )
  })
})
