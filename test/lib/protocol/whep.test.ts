import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import {
  checkOffer,
  fragmentOf,
  iceLinks,
  parseFragment,
  readTimes,
  restartOffer,
  writeTimes,
} from '../../../src/lib/protocol/whep.ts'
import { offerSdp } from '../../support/http-engine.ts'

const iceText = (least: number) =>
  fc.string({
    unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/'),
    minLength: least,
    maxLength: 64,
  })
const candidateLine = fc
  .tuple(fc.nat(), fc.ipV4(), fc.integer({ min: 1, max: 65_535 }))
  .map(([foundation, ip, port]) => `candidate:${foundation} 1 udp 2130706431 ${ip} ${port} typ host`)

describe('an offer', () => {
  it('that can be answered gives its ICE username fragment', () => expect(checkOffer(offerSdp)).toBe('abcd'))

  it.each([
    ['', 'begins with v=0'],
    ['hello', 'not a line of SDP'],
    ['v=0\r\n', 'no audio or video'],
    [offerSdp.replaceAll(/a=ice-pwd:.*\r\n/g, ''), 'ICE credentials'],
    [offerSdp.replaceAll('a=ice-ufrag:abcd', 'a=ice-ufrag:a'), 'ice-ufrag'],
    [offerSdp.replaceAll('a=ice-ufrag:abcd', 'a=ice-ufrag:a b c'), 'ice-ufrag'],
    [`${offerSdp}a=${'x'.repeat(5000)}\r\n`, 'a line of'],
    [`${offerSdp}${'a=x\r\n'.repeat(9000)}`, 'lines are too many'],
  ])('that cannot says why (%#)', (sdp, why) => {
    expect(() => checkOffer(sdp)).toThrow(
      expect.objectContaining({ code: 'INVALID_SDP', message: expect.stringContaining(why) }),
    )
  })

  it('is accepted or refused with INVALID_SDP, whatever it is', () => {
    const lines = fc
      .array(fc.oneof(fc.string(), fc.constantFrom(...offerSdp.split('\r\n'))))
      .map((all) => all.join('\r\n'))
    fc.assert(
      fc.property(lines, (sdp) => {
        try {
          return checkOffer(sdp).length >= 4
        } catch (error) {
          return error instanceof McpxError && error.code === 'INVALID_SDP'
        }
      }),
    )
  })
})

describe('a fragment', () => {
  it('reads as RFC 8840 writes it', () => {
    const text = [
      'a=ice-ufrag:EsAw',
      'a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1',
      'm=audio 9 RTP/AVP 0',
      'a=mid:a0',
      'a=candidate:1 1 udp 1 10.0.0.1 1 typ host',
      'm=video 9 RTP/AVP 0',
      'a=candidate:2 1 udp 1 10.0.0.2 2 typ host',
      'a=end-of-candidates',
    ].join('\r\n')
    expect(parseFragment(text)).toEqual({
      ufrag: 'EsAw',
      pwd: 'P2uYro0UCOQ4zxjKXaWCBui1',
      candidates: [
        { candidate: 'candidate:1 1 udp 1 10.0.0.1 1 typ host', sdpMid: 'a0', sdpMLineIndex: 0 },
        { candidate: 'candidate:2 1 udp 1 10.0.0.2 2 typ host', sdpMLineIndex: 1 },
      ],
      isComplete: true,
    })
  })

  it('comes back as it was written', () => {
    fc.assert(
      fc.property(
        iceText(4),
        iceText(22),
        fc.array(candidateLine, { maxLength: 20 }),
        fc.boolean(),
        (ufrag, pwd, lines, ends) => {
          const parts = [`a=ice-ufrag:${ufrag}`, `a=ice-pwd:${pwd}`, 'm=video 9 UDP/TLS/RTP/SAVPF 0', 'a=mid:0']
          const text = [
            ...parts,
            ...lines.map((line) => `a=${line}`),
            ...(ends ? ['a=end-of-candidates'] : []),
            '',
          ].join('\r\n')
          const found = parseFragment(text)
          expect(found).toMatchObject({ ufrag, pwd, isComplete: ends })
          expect(found.candidates).toEqual(lines.map((candidate) => ({ candidate, sdpMid: '0', sdpMLineIndex: 0 })))
        },
      ),
    )
  })

  it('is understood or refused with INVALID_SDP, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(fc.string()).map((all) => all.map((s) => `a=${s}`).join('\n')),
        ),
        (text) => {
          try {
            return parseFragment(text).candidates.length <= 256
          } catch (error) {
            return error instanceof McpxError && error.code === 'INVALID_SDP'
          }
        },
      ),
    )
  })

  it('has bounds', () => {
    const line = 'a=candidate:1 1 udp 1 10.0.0.1 1 typ host\r\n'
    expect(parseFragment(line.repeat(256)).candidates).toHaveLength(256)
    expect(() => parseFragment(line.repeat(257))).toThrow('more than 256 candidates')
    expect(() => parseFragment('a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1')).toThrow('without an ice-ufrag')
    expect(() => parseFragment('a=ice-ufrag:abcd\r\na=ice-pwd:short')).toThrow('ice-pwd')
  })
})

describe('an ICE restart', () => {
  it('changes credentials in every section and drops old candidates, and nothing else', () => {
    fc.assert(
      fc.property(iceText(4), iceText(22), candidateLine, (ufrag, pwd, line) => {
        const before = offerSdp.replace('a=mid:0\r\n', `a=mid:0\r\na=${line}\r\na=end-of-candidates\r\n`)
        const after = restartOffer(before, ufrag, pwd)
        const expected = offerSdp
          .replaceAll('a=ice-ufrag:abcd', `a=ice-ufrag:${ufrag}`)
          .replaceAll(/a=ice-pwd:.*/g, () => `a=ice-pwd:${pwd}`)
        expect(after).toBe(expected)
      }),
    )
  })

  it('is answered with a fragment that reads back', () => {
    const answer = offerSdp.replace('a=recvonly', 'a=candidate:1 1 udp 1 10.0.0.1 1 typ host')
    expect(parseFragment(fragmentOf(answer))).toEqual({
      ufrag: 'abcd',
      pwd: '0123456789abcdefghijklmn',
      candidates: [{ candidate: 'candidate:1 1 udp 1 10.0.0.1 1 typ host', sdpMid: '0', sdpMLineIndex: 0 }],
      isComplete: true,
    })
  })

  it('finds credentials that stand at the session', () => {
    const text = 'v=0\r\na=ice-ufrag:sess\r\na=ice-pwd:0123456789012345678901\r\nm=video 9 x 0\r\na=mid:v\r\n'
    expect(parseFragment(fragmentOf(text))).toMatchObject({ ufrag: 'sess', pwd: '0123456789012345678901' })
  })
})

describe('Link headers', () => {
  it('cannot be broken out of', () => {
    const [link] = iceLinks([{ urls: 'turn:x>; rel="y"\r\nSet-Cookie: a', username: 'a"\r\nb\\', credential: 'ü' }])
    expect(link).not.toMatch(/[\r\n]/)
    expect(link).toMatch(
      /^<[^<>\s]*>; rel="ice-server"; username="a\\"b\\\\"; credential=""; credential-type="password"$/,
    )
  })
})

describe('the times of an answer', () => {
  it('read as they were written, and are unknown where another server answered', () => {
    const times = { openMs: 12.5, choiceMs: 0.25, answerMs: 3 }
    expect(writeTimes(times)).toBe('open;dur=12.50, choice;dur=0.25, answer;dur=3.00')
    expect(readTimes(writeTimes(times))).toEqual(times)
    expect(readTimes(writeTimes({ openMs: 1, answerMs: 2 }))).toEqual({ openMs: 1, answerMs: 2 })
    for (const header of [null, '', 'cache;desc="hit"', 'open;dur=x, answer;dur=1', 'open;dur=1'])
      expect(readTimes(header)).toBeUndefined()
    fc.assert(fc.property(fc.string(), (text) => void readTimes(text)))
  })
})
