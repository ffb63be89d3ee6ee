import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { peerSettings, transcodeSettings, workerSettings } from '../../../src/lib/app/settings.ts'
import { completeServeOptions, type ServeOptions } from '../../../src/lib/model/serve-options.ts'
import { parseIceServer } from '../../../src/lib/protocol/ice-server.ts'

const options = (over: Partial<ServeOptions> = {}): ServeOptions => ({ ...completeServeOptions({}), ...over })

describe('an ICE server', () => {
  it('is an address, with its credentials taken out of it', () => {
    expect(parseIceServer('stun:stun.example.org:3478')).toEqual({ urls: 'stun:stun.example.org:3478' })
    expect(parseIceServer(' turn:turn.example.org?transport=udp&username=u&credential=p%26q ')).toEqual({
      urls: 'turn:turn.example.org?transport=udp',
      username: 'u',
      credential: 'p&q',
    })
  })

  it.each(['http://stun.example.org', 'stun:', 'turn:turn.example.org', 'turn:t?username=u', ''])(
    'is refused when it is none: %s',
    (text) => {
      expect(() => parseIceServer(text)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    },
  )

  it('never shows a credential in an error', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]{8,20}$/), fc.string({ maxLength: 30 }), (secret, noise) => {
        try {
          parseIceServer(`${noise}?username=u&credential=${secret}SECRET`)
        } catch (error) {
          expect((error as Error).message).not.toContain('SECRET')
        }
      }),
      { seed: 5 },
    )
  })
})

describe('the settings of media workers', () => {
  it('share memory out and give each its own port', () => {
    const workers = workerSettings(options({ mediaWorkers: 3, udpPort: 5000, memoryCacheSize: 30 }), '/blocks', 'none')
    expect(workers.map(({ index, peer }) => [index, peer.udpPort])).toEqual([
      [0, 5000],
      [1, 5001],
      [2, 5002],
    ])
    expect(workers.map(({ memoryCacheBytes }) => memoryCacheBytes)).toEqual([10, 10, 10])
    expect(workers.every(({ blocksPath, encoder }) => blocksPath === '/blocks' && encoder === 'none')).toBe(true)
  })

  it('refuse ports that are not there', () => {
    expect(() => workerSettings(options({ mediaWorkers: 2, udpPort: 65_535 }), '/blocks', 'none')).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining('--udp-port') }),
    )
    expect(peerSettings(options({ udpPort: 0 }), 7)).toMatchObject({ udpPort: 0 })
    expect(peerSettings(options({ udpPortRange: '50000-50100' }), 1)).toMatchObject({ udpPortRange: [50_000, 50_100] })
  })

  it.each([
    ['127.0.0.1', ['127.0.0.1']],
    ['localhost', ['127.0.0.1']],
    ['::1', ['::1']],
    ['0.0.0.0', []],
    ['192.0.2.7', []],
  ])('reach with media no further than --host %s does', (host, bound) => {
    expect(peerSettings(options({ host }), 0).bindAddresses).toEqual(bound)
  })

  it('refuse an announced address that is none', () => {
    expect(() => peerSettings(options({ announceAddress: ['example.org'] }), 0)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
    expect(peerSettings(options({ announceAddress: ['203.0.113.5'] }), 0).announceAddresses).toEqual(['203.0.113.5'])
  })

  it('bound the transcode pool', () => {
    const { maxProcesses, maxRssBytes, silentS } = transcodeSettings('/blocks', 'ffmpeg')
    // A picture and its sound.
    expect(maxProcesses).toBeGreaterThanOrEqual(2)
    expect(maxRssBytes).toBeGreaterThan(2 ** 29)
    expect(silentS).toBeGreaterThan(0)
  })
})
