// What the options of a server must be together.
import { describe, expect, it } from 'vitest'
import { isLoopback } from '../../../src/lib/model/bind.ts'
import { completeServeOptions, parsePortRange, type ServeOptions } from '../../../src/lib/model/serve-options.ts'

describe('a bind', () => {
  it.each(['127.0.0.1', '127.8.0.1', '::1', 'localhost'])('of %s is loopback', (host) => {
    expect(isLoopback(host)).toBe(true)
    expect(completeServeOptions({ host }).host).toBe(host)
  })

  it.each(['0.0.0.0', '::', '192.168.1.2', '127.0.0.1.example.org', ''])(
    'of %j needs a token or --insecure',
    (host) => {
      const refusal = expect.objectContaining({ code: 'OPEN_BIND_REFUSED', exit: 2 })
      expect(() => completeServeOptions({ host })).toThrow(refusal)
      expect(() => completeServeOptions({ host, authToken: '' })).toThrow(refusal)
      expect(completeServeOptions({ host, authToken: 'correct horse battery' }).host).toBe(host)
      expect(completeServeOptions({ host, insecure: true }).host).toBe(host)
    },
  )
})

describe('defaults', () => {
  it('stand under what is given, also where undefined is given', () => {
    expect(completeServeOptions({ port: undefined, maxStreams: 5 } as Partial<ServeOptions>)).toMatchObject({
      host: '127.0.0.1',
      port: 8000,
      maxStreams: 5,
      webrtcMetricsPort: 9090,
    })
  })
})

describe('contradictions', () => {
  it.each([
    [{ tlsCert: 'a.pem' }, 'go together'],
    [{ tlsKey: 'a.pem' }, 'go together'],
    [{ basePath: 'mcpx' }, '--base-path'],
    [{ basePath: '/../x?' }, '--base-path'],
    [{ metricsPath: 'metrics' }, '--metrics-path'],
    [{ udpPortRange: '5' }, '--udp-port-range'],
    [{ udpPortRange: '5000-5010', udpPort: 7 }, 'exclude'],
    [{ gateway: ['ftp://x'] }, 'ftp://x'],
    [{ ipfsApi: 'localhost:5001' }, 'localhost:5001'],
  ])('%j is refused', (given, words) => {
    expect(() => completeServeOptions(given)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(words) }),
    )
  })

  it('are none in a whole set', () => {
    const given = {
      tlsCert: 'a',
      tlsKey: 'b',
      basePath: '/a/mcpx',
      udpPortRange: '5000-5010',
      ipfsApi: 'http://127.0.0.1:5001',
    }
    expect(completeServeOptions(given)).toMatchObject(given)
  })
})

describe('a range of ports', () => {
  it('is two ports in order', () => expect(parsePortRange('50000-50999')).toEqual([50_000, 50_999]))
  it.each(['', '1', '2-1', '0-5', '1-65536', '1-2-3', 'a-b', '-1-2'])('is not %j', (text) => {
    expect(() => parsePortRange(text)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})
