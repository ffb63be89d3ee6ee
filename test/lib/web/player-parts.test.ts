import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readIceServers } from '../../../src/lib/protocol/ice-links.ts'
import { backoffMs } from '../../../src/web/player/backoff.ts'
import { readFragmentHead, writeFragment } from '../../../src/web/player/sdp-fragment.ts'
import { whepUrl } from '../../../src/web/player/whep-address.ts'
import { formatBitrate, formatCodec, formatTime, shortContent, speakTime } from '../../../src/web/shared/format.ts'
import { parseRecent, withItem } from '../../../src/web/shared/recent-items.ts'

describe('the back-off', () => {
  it('starts at half a second, doubles, and stops at ten', () => {
    const full = (attempt: number) => backoffMs(attempt, () => 1)
    expect([1, 2, 3, 4, 5, 6, 7, 1000].map(full)).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000])
  })

  it('never strays from the fifth that is left to chance', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, chance) => {
          const full = backoffMs(attempt, () => 1)
          expect(backoffMs(attempt, () => chance)).toBeGreaterThanOrEqual(full * 0.8 - 1)
          expect(backoffMs(attempt, () => chance)).toBeLessThanOrEqual(full)
        },
      ),
    )
  })
})

describe('the WHEP address', () => {
  const base = '/mcpx'
  it('says only what differs from the defaults', () => {
    expect(whepUrl({ base, content: 'bafy/a b.mp4', quality: 'auto', startS: 0, loop: false })).toBe(
      '/mcpx/whep/bafy/a%20b.mp4',
    )
    expect(whepUrl({ base, content: 'bafy', quality: 'low', startS: 12.5, loop: true, audioTrackId: 3 })).toBe(
      '/mcpx/whep/bafy?start=12.500&quality=low&loop=true&audio=3',
    )
    expect(whepUrl({ base: '', content: 'bafy', connectionId: 'c 1' })).toBe('/whep/bafy?connection_id=c+1')
  })

  it('reads the ICE servers of a Link header', () => {
    const link =
      '<stun:stun.example>; rel="ice-server", <turn:turn.example?transport=udp>; rel="ice-server"; username="a,b"; ' +
      'credential="c\\"d"; credential-type="password", <https://x.example>; rel="ice-server", <turn:y.example>; rel="next"'
    expect(readIceServers(link)).toEqual([
      { urls: 'stun:stun.example' },
      { urls: 'turn:turn.example?transport=udp', username: 'a,b', credential: 'c"d' },
    ])
    expect(readIceServers(null)).toEqual([])
    fc.assert(fc.property(fc.string(), (text) => void readIceServers(text)))
  })
})

describe('a trickle fragment', () => {
  const sdp =
    'v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=ice-ufrag:uf+1\r\na=ice-pwd:pw/22\r\na=mid:0\r\nm=audio 9 X 111\r\na=mid:1\r\n'
  it('names the ICE session and the first section, then the candidates', () => {
    const head = readFragmentHead(sdp)!
    expect(writeFragment(head, ['candidate:1 1 udp 1 127.0.0.1 9 typ host'], true)).toBe(
      'a=ice-ufrag:uf+1\r\na=ice-pwd:pw/22\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n' +
        'a=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\na=end-of-candidates\r\n',
    )
  })

  it('is not made from a description without ICE', () => {
    expect(readFragmentHead('v=0\r\n')).toBeUndefined()
  })
})

describe('what the pages write', () => {
  it('names codecs as people do', () => {
    expect(['vp9', 'opus', 'h264', 'pcm-s16', 'aac', 'avc'].map(formatCodec)).toEqual([
      ...['VP9', 'Opus', 'H.264', 'PCM', 'AAC', 'H.264'],
    ])
  })

  it('is short for eyes and complete for ears', () => {
    expect(formatTime(65.9)).toBe('1:05')
    expect(formatTime(3723)).toBe('1:02:03')
    expect(formatTime(-3)).toBe('0:00')
    expect(speakTime(3661)).toBe('1 hour 1 minute 1 second')
    expect(speakTime(0)).toBe('0 seconds')
    expect([300_000, 999_000, 2_540_000, 12_300_000].map(formatBitrate)).toEqual([
      '300 kbps',
      '1.0 Mbps',
      '2.5 Mbps',
      '12 Mbps',
    ])
    expect(shortContent('bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi')).toBe('bafybeigd…5fbzdi')
    expect(shortContent('bafy/dir/film.mp4')).toBe('film.mp4')
  })
})

describe('the recent items', () => {
  it('have the newest in front, each content once, at most twelve', () => {
    let items = parseRecent(undefined)
    for (let i = 0; i < 20; i++) items = withItem(items, { content: `c${i % 15}`, atMs: i })
    expect(items).toHaveLength(12)
    expect(items[0]).toEqual({ content: 'c4', atMs: 19 })
    expect(new Set(items.map(({ content }) => content)).size).toBe(12)
  })

  it('keep what was known of a content before', () => {
    const items = withItem([{ content: 'c', name: 'film.mp4', atMs: 1 }], { content: 'c', durationS: 9, atMs: 2 })
    expect(items).toEqual([{ content: 'c', name: 'film.mp4', durationS: 9, atMs: 2 }])
  })

  it('leave out what was not stored by us', () => {
    const many = Array.from({ length: 30 }, (_, i) => ({ content: `c${i}`, atMs: i }))
    expect(parseRecent(JSON.stringify(many))).toEqual(many.slice(0, 12))
    expect(parseRecent('{')).toEqual([])
    expect(parseRecent('{"a":1}')).toEqual([])
    expect(parseRecent('[null, 3, {"content": 5, "atMs": 1}, {"content": "c", "atMs": 1}]')).toEqual([
      { content: 'c', atMs: 1 },
    ])
  })
})
