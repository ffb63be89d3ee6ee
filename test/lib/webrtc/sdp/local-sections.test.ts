import { describe, expect, it } from 'vitest'
import type { CodecParameters } from '../../../../src/lib/webrtc/peer.ts'
import {
  answerSection,
  dataSection,
  offerSections,
  type Sender,
  type Settled,
} from '../../../../src/lib/webrtc/sdp/local-sections.ts'
import { codecsOf, parseSdp, type SdpSection } from '../../../../src/lib/webrtc/sdp/sdp.ts'
import { writeSdp } from '../../../../src/lib/webrtc/sdp/sdp-write.ts'
import { offers } from '../../../support/webrtc-offers.ts'

const sender: Sender = {
  cname: 'us',
  sctpPort: 5000,
  source: (kind) => (kind === 'video' ? { ssrc: 11, rtxSsrc: 12 } : { ssrc: 21, rtxSsrc: 22 }),
}
const settledOn = (section: SdpSection, payloadType: number): Settled => ({
  section,
  codec: codecsOf(section).find((codec) => codec.payloadType === payloadType)!,
})
const [audio, data, video, second] = parseSdp(offers.chrome).sections as [
  SdpSection,
  SdpSection,
  SdpSection,
  SdpSection,
]
const vp8 = settledOn(video, 96)

describe('an answer to a section', () => {
  it('is what was settled, with its own numbers, and only feedback that is understood', () => {
    const answer = answerSection(video, { settled: [vp8], data, usable: [audio, data, video] }, sender)
    expect(answer).toMatchObject({
      ...{ kind: 'video', mid: '2', direction: 'sendonly', transportSequenceId: 4 },
      codecs: [{ payloadType: 96, rtxPayloadType: 97, feedback: ['transport-cc', 'nack', 'nack pli'] }],
      source: { ssrc: 11, rtxSsrc: 12, cname: 'us' },
    })
  })

  it('has no stream of retransmissions, and counts no packets, where the other side does neither', () => {
    const [section] = parseSdp(offers.unbundled).sections
    const opus = settledOn(section!, 96)
    const answer = answerSection(section!, { settled: [opus], data: undefined, usable: [section!] }, sender)
    expect(answer).toMatchObject({ source: { ssrc: 21, rtxSsrc: undefined }, transportSequenceId: undefined })
  })

  it('takes the one data channel, and refuses a second', () => {
    const parts = { settled: [], data, usable: [data] }
    expect(answerSection(data, parts, sender)).toEqual(dataSection('data', 'UDP/DTLS/SCTP', 5000))
    const other = { ...data, mid: 'other' }
    expect(answerSection(other, parts, sender)).toEqual({ kind: 'refused', section: other })
  })

  it('keeps the first of a bundle without sending on it, and refuses the others', () => {
    const parts = { settled: [vp8], data, usable: [audio, data, video, second] }
    const kept = answerSection(audio, parts, sender)
    expect(kept).toMatchObject({
      kind: 'audio',
      mid: '0',
      direction: 'inactive',
      codecs: [{ codec: 'opus', feedback: [] }],
    })
    expect(kept).not.toHaveProperty('source')
    expect(answerSection(second, parts, sender)).toEqual({ kind: 'refused', section: second })
  })

  it('refuses the first where it stands alone, or has nothing that could be kept', () => {
    expect(answerSection(audio, { settled: [], data: undefined, usable: [audio] }, sender).kind).toBe('refused')
    const unknown = { ...audio, formats: [] }
    expect(answerSection(unknown, { settled: [vp8], data, usable: [unknown, video] }, sender).kind).toBe('refused')
  })

  it('has a section for each that was offered, in its order, which the other side reads as it was meant', () => {
    const { sections } = parseSdp(offers.chrome)
    const parts = { settled: [settledOn(sections[2]!, 103)], data: sections[1], usable: sections.slice(0, 3) }
    const answers = sections.map((section) => answerSection(section, parts, sender))
    const transport = {
      ufrag: 'abcd',
      password: 'x'.repeat(24),
      fingerprint: `sha-256 ${Array(32).fill('AB').join(':')}`,
    }
    const sdp = writeSdp(
      { sessionId: 1, version: 1 },
      { ...transport, setup: 'passive', candidates: [], isComplete: true },
      answers,
    )
    const read = parseSdp(sdp)
    expect(read.sections.map(({ kind, isOpen, direction }) => [kind, isOpen, direction])).toEqual([
      ['audio', true, 'inactive'],
      ['application', true, expect.anything()],
      ['video', true, 'sendonly'],
      ['video', false, 'inactive'],
    ])
    expect(read.bundle).toEqual(['0', 'data', '2'])
    expect(codecsOf(read.sections[2]!)).toMatchObject([{ codec: 'h264', payloadType: 103, rtxPayloadType: 104 }])
    expect(read.sections[2]!.ssrcs).toEqual([11, 12])
  })
})

describe('an offer', () => {
  const opus: CodecParameters = { codec: 'opus', parameters: {}, channels: 2 }

  it('has a section for each kind that there is something of, and the data channel last', () => {
    const video: CodecParameters = { codec: 'vp8', parameters: {} }
    const kinds = (codecs: Parameters<typeof offerSections>[0]) =>
      offerSections(codecs, sender).map((section) => [section.kind, 'mid' in section && section.mid])
    expect(kinds({ video: [video], audio: [opus] })).toEqual([
      ['video', '0'],
      ['audio', '1'],
      ['application', '2'],
    ])
    expect(kinds({ audio: [opus], video: [] })).toEqual([
      ['audio', '0'],
      ['application', '1'],
    ])
    expect(kinds({})).toEqual([['application', '0']])
  })

  it('gives no number twice, however many codecs there are', () => {
    const many = Array.from({ length: 40 }, (): CodecParameters => ({ codec: 'vp9', parameters: {} }))
    const sections = offerSections({ video: many, audio: Array<CodecParameters>(40).fill(opus) }, sender)
    const numbers = sections.flatMap((section) =>
      'codecs' in section ? section.codecs.flatMap((one) => [one.payloadType, one.rtxPayloadType ?? []].flat()) : [],
    )
    expect(new Set(numbers).size).toBe(numbers.length)
    expect(Math.max(...numbers)).toBeLessThan(128)
  })
})
