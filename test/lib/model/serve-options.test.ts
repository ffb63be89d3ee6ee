// What the options of a server must be together.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Option, resolveOptions } from '../../../src/lib/base/options.ts'
import { isLoopback } from '../../../src/lib/model/bind.ts'
import {
  completeServeOptions,
  parsePortRange,
  type ServeOptions,
  serveOptions,
} from '../../../src/lib/model/serve-options.ts'

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

describe('each option', () => {
  const options = Object.entries(serveOptions) as [keyof ServeOptions & string, Option<unknown>][]

  it('has a default that it would take itself, and a default that holds together with the others', () => {
    for (const [name, option] of options)
      if (option.default !== undefined) expect(option.parse(option.default), name).toEqual(option.default)
    expect(completeServeOptions({})).toEqual(resolveOptions(serveOptions, {}).values)
  })

  it('with a least and a most takes both, and nothing beyond', () => {
    const ranged = options.filter(([, { min, max }]) => min !== undefined && max !== undefined)
    expect(ranged.length).toBeGreaterThan(10)
    for (const [name, { min, max, parse }] of ranged) {
      expect([parse(min), parse(max)], name).toEqual([min, max])
      for (const wrong of [min! - 1, max! + 1, Number.NaN, Number.POSITIVE_INFINITY, '', 'many', null, {}])
        expect(() => parse(wrong), `${name} ${wrong}`).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    }
  })

  it('takes its kind of value or refuses it by name, whatever it is', () => {
    const raw = fc.oneof(
      fc.jsonValue(),
      fc.string(),
      fc.constantFrom('0x10', '1e3', '-1', '١', 'true', [[]], { toString: 1 }),
    )
    fc.assert(
      fc.property(fc.constantFrom(...options), raw, ([name, option], value) => {
        fc.pre(value !== undefined)
        try {
          const { [name]: taken } = resolveOptions(serveOptions, { file: { [name]: value } }).values
          const kinds = { string: 'string', choice: 'string', boolean: 'boolean', list: 'object' } as Record<
            string,
            string
          >
          expect(typeof taken).toBe(kinds[option.type] ?? 'number')
          if (typeof taken === 'number') expect(Number.isFinite(taken)).toBe(true)
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_CONFIG', message: expect.stringContaining(`"${name}"`) })
        }
      }),
      { numRuns: 500 },
    )
  })

  it('that is a secret is not said again where it is wrong', () => {
    const secrets = options.filter(([, { secret }]) => secret)
    expect(secrets.map(([name]) => name)).toEqual(['authToken', 'iceServer'])
    for (const [name] of secrets) {
      const said = () => resolveOptions(serveOptions, { file: { [name]: { hunter2: 'hunter2' } } })
      expect(said).toThrow(expect.objectContaining({ message: expect.not.stringContaining('hunter2') }))
    }
  })
})

describe('a path', () => {
  const evil = ['/..%2f', '/a//b', '/a b', '//evil.example', '/a?b', '/a#b', '/<script>', '/a\\b', '/é', '/a\n']
  it.each(evil)('is not %j', (path) => {
    for (const given of [{ basePath: path }, { metricsPath: path }])
      expect(() => completeServeOptions(given)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })

  it('may end with a slash behind a proxy, and not where metrics are', () => {
    expect(completeServeOptions({ basePath: '/a/b/' }).basePath).toBe('/a/b/')
    expect(() => completeServeOptions({ metricsPath: '/metrics/' })).toThrow('--metrics-path')
    expect(() => completeServeOptions({ metricsPath: '' })).toThrow('--metrics-path')
  })
})
