import { describe, expect, it } from 'vitest'
import { dataSection, offerSections } from '../../../../src/lib/webrtc/sdp/local-sections.ts'
import { parseSdp, transportSequenceUri } from '../../../../src/lib/webrtc/sdp/sdp.ts'
import { knownFeedback, numberCodecs, writeCandidate, writeSdp } from '../../../../src/lib/webrtc/sdp/sdp-write.ts'

const transport = {
  ufrag: 'frag',
  password: 'apasswordof22characters',
  fingerprint: `sha-256 ${Array(32).fill('AA').join(':')}`,
  setup: 'actpass' as const,
  candidates: ['candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host'],
  isComplete: true,
}
const sender = { cname: 'us', sctpPort: 5000, source: () => ({ ssrc: 11, rtxSsrc: 12 }) }
const vp8 = { codec: 'vp8' as const, parameters: {} }
const opus = { codec: 'opus' as const, parameters: { useinbandfec: '1' }, channels: 2 }
const write = (sections: Parameters<typeof writeSdp>[2], more = {}) =>
  writeSdp({ sessionId: 7, version: 3 }, { ...transport, ...more }, sections)

describe('a description that we write', () => {
  it('reads as what it was written from', () => {
    const text = write(offerSections({ video: [vp8], audio: [opus] }, sender))
    const { bundle, sections } = parseSdp(text)
    expect(bundle).toEqual(['0', '1', '2'])
    expect(sections.map(({ kind, mid, setup }) => [kind, mid, setup])).toEqual([
      ['video', '0', 'actpass'],
      ['audio', '1', 'actpass'],
      ['application', '2', 'actpass'],
    ])
    const [video, audio, data] = sections
    expect(video!.ice).toEqual({ ufrag: transport.ufrag, password: transport.password })
    expect(video!.extensions.get(transportSequenceUri)).toBe(3)
    expect(video!.candidates).toHaveLength(1)
    expect([audio!.candidates, data!.candidates, data!.sctpPort]).toEqual([[], [], 5000])
    expect(text).toContain('a=ssrc-group:FID 11 12\r\n')
    expect(text).toContain('o=- 7 3 IN IP4 0.0.0.0\r\n')
    expect(text.split('\r\n').filter((line) => line === 'a=end-of-candidates')).toHaveLength(1)
  })

  it('says no end of candidates while more may come', () => {
    expect(write([dataSection('0', 'UDP/DTLS/SCTP', 5000)], { isComplete: false })).not.toContain('end-of-candidates')
  })

  it('refuses a section with its own formats, out of the bundle, and gives its candidates to the next', () => {
    const { sections } = parseSdp(write(offerSections({ video: [vp8] }, sender)))
    const text = write([{ kind: 'refused', section: sections[0]! }, { ...dataSection('1', 'UDP/DTLS/SCTP', 5000) }])
    expect(text).toContain('m=video 0 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=inactive\r\n')
    const answer = parseSdp(text)
    expect(answer.bundle).toEqual(['1'])
    expect(answer.sections.map(({ candidates }) => candidates.length)).toEqual([0, 1])
  })
})

it('numbers video in pairs with RTX and audio after it, and no more than there are numbers for', () => {
  const video = numberCodecs('video', Array(9).fill(vp8))
  expect(video.map(({ payloadType, rtxPayloadType }) => [payloadType, rtxPayloadType])).toEqual(
    Array.from({ length: 7 }, (_, i) => [96 + 2 * i, 97 + 2 * i]),
  )
  expect(numberCodecs('audio', [{ codec: 'opus', parameters: {} }])).toMatchObject([{ payloadType: 111, channels: 2 }])
})

it('keeps the feedback that it understands, in the order of the other side', () => {
  expect(knownFeedback(['ccm fir', 'goog-remb', 'nack pli', 'nack', 'x'])).toEqual(['ccm fir', 'nack pli', 'nack'])
})

it('writes a candidate under the address that is announced', () => {
  const candidate = { foundation: '1', priority: 9, port: 5000, type: 'srflx', relatedAddress: '10.0.0.1' }
  expect(writeCandidate(candidate, '192.0.2.9')).toBe(
    'candidate:1 1 udp 9 192.0.2.9 5000 typ srflx raddr 10.0.0.1 rport 0',
  )
})
