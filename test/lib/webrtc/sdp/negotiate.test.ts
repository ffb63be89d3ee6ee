import { describe, expect, it } from 'vitest'
import { answerSection } from '../../../../src/lib/webrtc/sdp/local-sections.ts'
import {
  dataSectionOf,
  isSameCodec,
  transportSequenceIdOf,
  uniqueCandidates,
  usableTransport,
} from '../../../../src/lib/webrtc/sdp/negotiate.ts'
import { codecsOf, parseSdp } from '../../../../src/lib/webrtc/sdp/sdp.ts'

const transport = [
  'a=ice-ufrag:them',
  'a=ice-pwd:apasswordof22characters',
  `a=fingerprint:sha-256 ${Array(32).fill('AA').join(':')}`,
]
const candidate = 'a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host'
const video = (mid: string, ...more: string[]) => [
  'm=video 9 UDP/TLS/RTP/SAVPF 96 97',
  `a=mid:${mid}`,
  'a=recvonly',
  'a=rtpmap:96 VP8/90000',
  'a=rtcp-fb:96 transport-cc',
  'a=extmap:5 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  'a=rtpmap:97 rtx/90000',
  'a=fmtp:97 apt=96',
  ...more,
]
const audio = (mid: string, ...more: string[]) => [
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  `a=mid:${mid}`,
  'a=recvonly',
  'a=rtpmap:111 opus/48000/2',
  ...more,
]
const data = (mid: string) => ['m=application 9 UDP/DTLS/SCTP webrtc-datachannel', `a=mid:${mid}`, 'a=sctp-port:5000']
const parse = (bundle: string | undefined, ...sections: string[][]) =>
  parseSdp(
    `${['v=0', 'o=- 1 1 IN IP4 0.0.0.0', 's=-', 't=0 0', ...(bundle ? [`a=group:BUNDLE ${bundle}`] : []), ...sections.flat()].join('\r\n')}\r\n`,
  )

describe('what can be used of a description', () => {
  it('is all that is bundled, on the transport of whoever says one', () => {
    const usable = usableTransport(parse('0 1 2', video('0', ...transport), audio('1'), data('2')))
    expect(usable.sections.map(({ mid }) => mid)).toEqual(['0', '1', '2'])
    expect(usable.ice.ufrag).toBe('them')
    expect(dataSectionOf(usable.sections)?.mid).toBe('2')
  })

  it('is the first section alone without a bundle, or outside of it', () => {
    const first = (bundle: string | undefined) =>
      usableTransport(parse(bundle, video('0', ...transport), audio('1', ...transport))).sections.map(({ mid }) => mid)
    expect([first(undefined), first('1')]).toEqual([['0'], ['0']])
  })

  it('is nothing without a section that is on, or without credentials', () => {
    expect(() => usableTransport(parse('0', ['m=text 9 UDP/TLS/RTP/SAVPF 98', 'a=mid:0']))).toThrow('no audio, video')
    expect(() => usableTransport(parse('0', video('0')))).toThrow('ice-ufrag')
  })

  it('has each candidate once, however often it is repeated', () => {
    const { sections } = parse('0 1', video('0', candidate), audio('1', candidate, candidate.replace('5000', '5001')))
    expect(uniqueCandidates(sections).map(({ port }) => port)).toEqual([5000, 5001])
  })

  it('numbers packets for the transport where the codec reports on it', () => {
    const [section] = parse('0', video('0')).sections
    const [codec] = codecsOf(section!)
    expect(transportSequenceIdOf(section!, codec!)).toBe(5)
    expect(transportSequenceIdOf(section!, { ...codec!, feedback: ['nack'] })).toBeUndefined()
  })

  it('knows a codec by its number, or else by name and all parameters', () => {
    const [codec] = codecsOf(parse('0', video('0')).sections[0]!)
    expect(isSameCodec(codec!, { codec: 'vp8', parameters: {} })).toBe(true)
    expect(isSameCodec(codec!, { codec: 'vp8', parameters: { 'max-fs': '1' } })).toBe(false)
    expect(isSameCodec(codec!, { codec: 'vp9', parameters: {} })).toBe(false)
  })
})

describe('the answer to a section', () => {
  const sender = { cname: 'us', sctpPort: 5000, source: () => ({ ssrc: 11, rtxSsrc: 12 }) }
  const { sections } = parse('0 1 2', video('0', ...transport), audio('1'), data('2'))
  const [first, second, third] = sections as [(typeof sections)[0], (typeof sections)[0], (typeof sections)[0]]
  const usable = sections

  it('sends the codec that was settled, with RTX where it was offered', () => {
    const settled = [first, second].map((section) => ({ section, codec: codecsOf(section)[0]! }))
    const parts = { settled, data: third, usable }
    expect(answerSection(first, parts, sender)).toMatchObject({
      kind: 'video',
      direction: 'sendonly',
      transportSequenceId: 5,
      source: { ssrc: 11, rtxSsrc: 12 },
    })
    expect(answerSection(second, parts, sender)).toMatchObject({ kind: 'audio', source: { rtxSsrc: undefined } })
    expect(answerSection(third, parts, sender)).toMatchObject({ kind: 'application', sctpPort: 5000 })
  })

  it('keeps the first section for its transport, and refuses any other that nothing is sent on', () => {
    const parts = { settled: [], data: undefined, usable }
    expect(answerSection(first, parts, sender)).toMatchObject({ kind: 'video', direction: 'inactive' })
    expect(answerSection(second, parts, sender)).toMatchObject({ kind: 'refused' })
    expect(answerSection(first, { ...parts, usable: [first] }, sender)).toMatchObject({ kind: 'refused' })
  })
})
