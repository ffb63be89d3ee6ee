import { describe, expect, it } from 'vitest'
import { covers, createGatekeeper, requireContent, rootOf } from '../../../src/lib/http/access.ts'
import { checkBind, isLoopback } from '../../../src/lib/model/bind.ts'
import { createStillClock } from '../../support/http-clock.ts'

const authToken = 'secret'
const inAnHour = (clock: { wallMs(): number }) => clock.wallMs() / 1000 + 3600

describe('tokens', () => {
  it('are not needed where the server has none', () => {
    const keeper = createGatekeeper({ clock: createStillClock() })
    expect(keeper.required).toBe(false)
    expect(keeper.check('anything')).toEqual({ role: 'admin' })
    expect(() => keeper.mint({ role: 'viewer', expiresAtS: 1 })).toThrow('no token')
  })

  it('of the server are worth everything, others nothing', () => {
    const keeper = createGatekeeper({ authToken, clock: createStillClock() })
    expect(keeper.check(authToken)).toEqual({ role: 'admin' })
    for (const wrong of ['', 'secre', 'secret ', 'SECRET', 'x'.repeat(5000)])
      expect(keeper.check(wrong)).toBeUndefined()
  })

  it('that were minted carry role, CID and expiry, on every server with the same secret', () => {
    const clock = createStillClock()
    const minted = createGatekeeper({ authToken, clock }).mint({
      role: 'viewer',
      cid: 'bafy1',
      expiresAtS: inAnHour(clock),
    })
    expect(minted).toMatch(/^mcpx1\.[\w-]+\.[\w-]+$/)
    const grant = { role: 'viewer', cid: 'bafy1', expiresAtS: Math.floor(inAnHour(clock)) }
    expect(createGatekeeper({ authToken, clock }).check(minted)).toEqual(grant)
    expect(createGatekeeper({ authToken: 'other', clock }).check(minted)).toBeUndefined()
  })

  it('expire', () => {
    const clock = createStillClock()
    const keeper = createGatekeeper({ authToken, clock })
    const minted = keeper.mint({ role: 'operator', expiresAtS: inAnHour(clock) })
    clock.advance(3_600_000)
    expect(keeper.check(minted)).toBeUndefined()
  })

  it('cannot be changed: neither claims nor signature nor form', () => {
    const clock = createStillClock()
    const keeper = createGatekeeper({ authToken, clock })
    const minted = keeper.mint({ role: 'viewer', expiresAtS: inAnHour(clock) })
    const [prefix, claims, signature] = minted.split('.') as [string, string, string]
    const admin = Buffer.from(JSON.stringify({ r: 'admin', e: 9_999_999_999 })).toString('base64url')
    for (const forged of [
      `${prefix}.${admin}.${signature}`,
      `${prefix}.${claims}.${signature.slice(0, -1)}`,
      `${prefix}.${claims}.`,
      `${prefix}.${claims}`,
      `mcpx2.${claims}.${signature}`,
      `${minted}.x`,
      `${prefix}.%%%.${signature}`,
    ])
      expect(keeper.check(forged), forged).toBeUndefined()
  })
})

describe('tickets', () => {
  it('work once', () => {
    const keeper = createGatekeeper({ authToken, clock: createStillClock() })
    const ticket = keeper.issueTicket({ role: 'viewer' })
    expect(keeper.redeemTicket(ticket)).toEqual({ role: 'viewer' })
    expect(keeper.redeemTicket(ticket)).toBeUndefined()
  })

  it('work for 30 seconds, and not longer than the token they came from', () => {
    const clock = createStillClock()
    const keeper = createGatekeeper({ authToken, clock })
    const early = keeper.issueTicket({ role: 'viewer' })
    const bound = keeper.issueTicket({ role: 'viewer', expiresAtS: clock.wallMs() / 1000 + 10 })
    clock.advance(29_999)
    expect(keeper.redeemTicket(bound)).toBeUndefined()
    expect(keeper.redeemTicket(early)).toEqual({ role: 'viewer' })
    const late = keeper.issueTicket({ role: 'viewer' })
    clock.advance(30_000)
    expect(keeper.redeemTicket(late)).toBeUndefined()
  })

  it('are bounded in number: the oldest goes first', () => {
    const keeper = createGatekeeper({ authToken, clock: createStillClock() })
    const first = keeper.issueTicket({ role: 'viewer' })
    const later = Array.from({ length: 10_000 }, () => keeper.issueTicket({ role: 'viewer' }))
    expect(keeper.redeemTicket(first)).toBeUndefined()
    expect(keeper.redeemTicket(later.at(-1)!)).toEqual({ role: 'viewer' })
  })
})

describe('scopes', () => {
  it('order the roles', () => {
    expect(covers('viewer', 'operator')).toBe(false)
    expect(covers('operator', 'operator')).toBe(true)
    expect(covers('admin', 'viewer')).toBe(true)
  })

  it.each([
    ['bafy1', 'bafy1'],
    ['bafy1/dir/a b.mp4', 'bafy1'],
    ['/ipfs/bafy1/x', 'bafy1'],
    ['ipfs://bafy1', 'bafy1'],
    ['bafy1/../bafy2', undefined],
    ['bafy1/./x', undefined],
    ['/ipns/name', undefined],
    ['https://gateway.example/ipfs/bafy1', undefined],
    ['', undefined],
  ])('find the root of %s', (content, root) => expect(rootOf(content)).toBe(root))

  it('keep a token for one CID to that CID', () => {
    const grant = { role: 'viewer', cid: 'bafy1' } as const
    expect(() => requireContent(grant, 'bafy1/a')).not.toThrow()
    expect(() => requireContent(grant, 'bafy1/../bafy2')).toThrow('for bafy1 only')
    expect(() => requireContent(grant, 'bafy2')).toThrow('for bafy1 only')
    expect(() => requireContent({ role: 'viewer' }, 'bafy2')).not.toThrow()
  })
})

describe('the open-bind rule', () => {
  it('knows loopback when it sees it', () => {
    for (const host of ['127.0.0.1', '127.8.9.1', '::1', '[::1]', 'localhost', 'app.localhost', '::ffff:127.0.0.1'])
      expect(isLoopback(host), host).toBe(true)
    for (const host of [
      '0.0.0.0',
      '::',
      '',
      '10.0.0.1',
      'example.org',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
    ])
      expect(isLoopback(host), host).toBe(false)
  })

  it('refuses an address that others reach, without a token, unless that was asked for', () => {
    for (const host of ['0.0.0.0', '::', '', '192.168.1.5'])
      expect(() => checkBind(host, undefined, false)).toThrow(expect.objectContaining({ code: 'OPEN_BIND_REFUSED' }))
    for (const weak of ['a', 'hunter2', '0123456789abcde', 'a'.repeat(64), 'abababababababababab'])
      expect(() => checkBind('0.0.0.0', weak, false)).toThrow(
        expect.objectContaining({ code: 'OPEN_BIND_REFUSED', hint: expect.stringContaining('openssl rand -hex 16') }),
      )
    checkBind('0.0.0.0', '0123456789abcdef', false)
    checkBind('0.0.0.0', 'a', true)
    checkBind('127.0.0.1', 'a', false)
    checkBind('0.0.0.0', undefined, true)
    checkBind('127.0.0.1', undefined, false)
  })
})
