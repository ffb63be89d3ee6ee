import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../../src/lib/base/clock.ts'
import { silentLogger } from '../../../../src/lib/base/logger.ts'
import type { ViewerCodecs } from '../../../../src/lib/webrtc/peer.ts'
import { createPeerFactory, type PeerFactory } from '../../../../src/lib/webrtc/peer-factory.ts'
import { codecsOf, maxSdpLength, parseCandidate, parseSdp } from '../../../../src/lib/webrtc/sdp/sdp.ts'
import { offers } from '../../../support/webrtc-offers.ts'

describe('an SDP that comes in', () => {
  it('is read with numbers, parameters, feedback and extensions', () => {
    const [audio, data, video] = parseSdp(offers.chrome).sections
    expect(data).toMatchObject({ kind: 'application', mid: 'data', sctpPort: 5000, isOpen: true })
    expect(video).toMatchObject({ isOpen: true, direction: 'recvonly', ice: undefined })
    expect(codecsOf(audio!)).toEqual([
      {
        codec: 'opus',
        payloadType: 111,
        channels: 2,
        parameters: { minptime: '10', useinbandfec: '1' },
        feedback: ['transport-cc'],
      },
    ])
    expect(
      codecsOf(video!).map(({ codec, payloadType, rtxPayloadType }) => [codec, payloadType, rtxPayloadType]),
    ).toEqual([
      ['vp8', 96, 97],
      ['h264', 102, undefined],
      ['h264', 103, 104],
    ])
    expect(codecsOf(video!)[2]!.parameters['profile-level-id']).toBe('42e01f')
  })

  it.each([
    ['no text', null],
    ['too long', `v=0\r\n${'a'.repeat(maxSdpLength)}`],
    ['not an SDP', 'hello'],
    ['no media section', 'v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n'],
    ['too many sections', `v=0\r\n${'m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n'.repeat(40)}`],
    ['a media line that is none', 'v=0\r\nm=video\r\n'],
    ['a line break in a token', 'v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96"<script>\r\n'],
    ['a short password', 'v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=ice-ufrag:abcd\r\na=ice-pwd:short\r\n'],
    ['a fingerprint that is none', 'v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=fingerprint:md5 AB\r\n'],
    ['a candidate that is none', 'v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=candidate:1 1\r\n'],
  ])('is refused when it is %s', (_name, sdp) => {
    expect(() => parseSdp(sdp)).toThrow(expect.objectContaining({ code: 'INVALID_SDP' }))
  })

  it('is read or refused, never anything else', () => {
    const line = fc.oneof(fc.string({ maxLength: 60 }), fc.constantFrom(...offers.chrome.split('\r\n')))
    fc.assert(
      fc.property(fc.array(line, { maxLength: 60 }), (lines) => {
        try {
          for (const section of parseSdp(['v=0', ...lines].join('\n')).sections) codecsOf(section)
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_SDP' })
        }
      }),
      { numRuns: 500, seed: 11 },
    )
  })
})

describe('a candidate', () => {
  it('is used when it is UDP at a literal unicast address', () => {
    expect(parseCandidate('candidate:1 1 udp 5 10.0.0.1 7 typ srflx raddr 0.0.0.0 rport 0')).toEqual({
      foundation: '1',
      priority: 5,
      address: '10.0.0.1',
      port: 7,
      type: 'srflx',
    })
    expect(parseCandidate('candidate:1 1 UDP 5 2001:db8::1 7 typ host')).toMatchObject({ address: '2001:db8::1' })
  })

  it.each([
    'candidate:1 2 udp 5 10.0.0.1 7 typ host',
    'candidate:1 1 tcp 5 10.0.0.1 7 typ host tcptype active',
    'candidate:1 1 udp 5 aaaa.local 7 typ host',
    'candidate:1 1 udp 5 evil.example 7 typ host',
    'candidate:1 1 udp 5 10.0.0.1 0 typ host',
    'candidate:1 1 udp 5 10.0.0.1 70000 typ host',
    'candidate:1 1 udp 5 239.1.2.3 7 typ host',
    'candidate:1 1 udp 5 255.255.255.255 7 typ host',
    'candidate:1 1 udp 5 0.0.0.0 7 typ host',
    'candidate:1 1 udp 5 ff02::1 7 typ host',
    'candidate:1 1 udp 5 10.0.0.1 7 typ prflx',
  ])('is left alone: %s', (line) => {
    expect(parseCandidate(line)).toBeUndefined()
  })
})

describe('our answer', () => {
  let factory: PeerFactory
  let announced: PeerFactory

  beforeAll(async () => {
    const deps = { clock: systemClock, logger: silentLogger }
    const settings = { iceServers: [], announceAddresses: [], bindAddresses: ['127.0.0.1'] }
    factory = await createPeerFactory(settings, deps)
    announced = await createPeerFactory({ ...settings, announceAddresses: ['203.0.113.5', '2001:db8::5'] }, deps)
  })
  afterAll(() => Promise.all([factory.close(), announced.close()]))

  async function answerTo(offer: string, wanted: string, from = factory) {
    const peer = await from.createPeer()
    let seen: ViewerCodecs | undefined
    const answer = await peer.acceptOffer(offer, async (viewer) => {
      seen = viewer
      const video = viewer.video.findLast(({ codec }) => codec === wanted)
      return { ...(video ? { video } : {}), ...(viewer.audio[0] ? { audio: viewer.audio[0] } : {}) }
    })
    await peer.close()
    return { answer, viewer: seen!, sections: parseSdp(answer).sections }
  }

  it('takes exactly the codec that was chosen with its RTX, and refuses the second video section', async () => {
    const { answer, sections } = await answerTo(offers.chrome, 'h264')
    expect(answer.match(/^m=.*/gm)).toEqual([
      'm=audio 9 UDP/TLS/RTP/SAVPF 111',
      'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
      'm=video 9 UDP/TLS/RTP/SAVPF 103 104',
      'm=video 0 UDP/TLS/RTP/SAVPF 96',
    ])
    expect(answer).toContain('a=group:BUNDLE 0 data 2\r\n')
    expect(sections.map(({ direction }) => direction)).toEqual(['sendonly', 'sendrecv', 'sendonly', 'inactive'])
    expect(sections.every(({ setup }, i) => i === 3 || setup === 'passive')).toBe(true)
    expect(codecsOf(sections[2]!)).toMatchObject([
      { payloadType: 103, rtxPayloadType: 104, feedback: ['nack', 'transport-cc'] },
    ])
    expect([...sections[0]!.extensions.values()]).toEqual([3])
    expect([...sections[2]!.extensions.values()]).toEqual([4])
    expect(sections[2]!.ssrcs).toHaveLength(2)
    expect(sections[0]!.candidates).toMatchObject([{ address: '127.0.0.1', type: 'host' }])
    expect(answer).not.toContain('goog-remb')
  })

  it('fits offers with session-level parameters and wildcard feedback', async () => {
    const { viewer, sections } = await answerTo(offers.pion, 'vp9')
    expect(viewer.video.map(({ codec }) => codec)).toEqual(['vp8', 'vp9'])
    expect(codecsOf(sections[0]!)).toMatchObject([
      { codec: 'vp9', payloadType: 121, feedback: ['nack', 'transport-cc'] },
    ])
  })

  it('takes one section where there is no BUNDLE', async () => {
    const { answer, viewer } = await answerTo(offers.unbundled, 'vp8')
    expect(viewer.video).toEqual([])
    expect(answer.match(/^m=.*/gm)).toEqual(['m=audio 9 UDP/TLS/RTP/SAVPF 96', 'm=video 0 UDP/TLS/RTP/SAVPF 97'])
  })

  it('offers nothing to choose to somebody who only sends', async () => {
    const { viewer, answer } = await answerTo(offers.publisher, 'vp8')
    expect(viewer).toEqual({ video: [], audio: [] })
    expect(answer).toContain('m=video 0 ')
  })

  it('announces the addresses it was told', async () => {
    const { answer } = await answerTo(offers.chrome, 'vp8', announced)
    expect(answer.match(/^a=candidate:.*/gm)).toHaveLength(1)
    expect(answer).toMatch(/a=candidate:\S+ 1 udp \d+ 203\.0\.113\.5 \d+ typ host/)
  })

  it('passes on what choose throws, and the peer can be asked again', async () => {
    const peer = await factory.createPeer()
    const error = new Error('no codec')
    await expect(peer.acceptOffer(offers.chrome, () => Promise.reject(error))).rejects.toBe(error)
    const both = Promise.all([
      peer.acceptOffer(offers.chrome, async () => ({})),
      peer.acceptOffer(offers.chrome, async () => ({})),
    ])
    await expect(both).rejects.toMatchObject({ code: 'STREAM_CONFLICT' })
    await peer.close()
  })
})
