import { describe, expect, it } from 'vitest'
import { createOriginRules, parseAuthority } from '../../../src/lib/http/origins.ts'

const rules = createOriginRules({
  host: '192.168.1.5',
  allowedHost: ['media.example', 'proxy.example:8443'],
  allowedOrigin: ['https://app.example', 'http://localhost:5173'],
})

describe('Host', () => {
  it.each([
    ['localhost:8000', true],
    ['127.0.0.1', true],
    ['[::1]:8000', true],
    ['app.localhost:8000', true],
    ['192.168.1.5:8000', true],
    ['media.example', true],
    ['MEDIA.example.:9', true],
    ['proxy.example:8443', true],
    ['proxy.example', false],
    ['evil.example', false],
    ['localhost.evil.example', false],
    ['192.168.1.6', false],
    ['a b', false],
    ['user@localhost', false],
    ['', false],
    [undefined, false],
  ])('%s → %s', (host, known) => expect(rules.knowsHost(host, '127.0.0.1')).toBe(known))

  it('is known by the address that the connection came in on', () => {
    const any = createOriginRules({ host: '0.0.0.0', allowedHost: [], allowedOrigin: [] })
    expect(any.knowsHost('10.1.2.3:8000', '::ffff:10.1.2.3')).toBe(true)
    expect(any.knowsHost('10.1.2.4:8000', '::ffff:10.1.2.3')).toBe(false)
    expect(any.knowsHost('[fd00::1]:8000', 'fd00::1')).toBe(true)
  })

  it('is taken apart without surprises', () => {
    expect(parseAuthority('[::1]:80')).toEqual({ name: '::1', port: '80' })
    expect(parseAuthority('a:80:90')).toBeUndefined()
    expect(parseAuthority('a/b')).toBeUndefined()
  })
})

describe('Origin', () => {
  it.each([
    ['http://localhost:8000', 'localhost:8000', true],
    ['https://media.example', 'media.example', true],
    ['https://media.example', 'media.example:443', true],
    ['http://localhost:8001', 'localhost:8000', false],
    ['https://app.example', 'localhost:8000', true],
    ['https://app.example:444', 'localhost:8000', false],
    ['http://app.example', 'localhost:8000', false],
    ['null', 'localhost:8000', false],
    ['file://', 'localhost:8000', false],
    ['http://localhost:8000.evil.example', 'localhost:8000', false],
    ['http://evil.example', undefined, false],
  ])('%s at %s → %s', (origin, host, trusted) => expect(rules.trustsOrigin(origin, host)).toBe(trusted))

  it('is listed only when it was allowed by name', () => {
    expect(rules.isListed('https://app.example')).toBe(true)
    expect(rules.isListed('https://app.example/')).toBe(true)
    expect(rules.isListed('http://localhost:8000')).toBe(false)
    expect(rules.isListed('nonsense')).toBe(false)
  })
})
