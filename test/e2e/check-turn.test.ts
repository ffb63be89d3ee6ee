// The checks of STUN and TURN servers against a real one (coturn).
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/lib/base/clock.ts'
import { probeTurn } from '../../src/lib/checks/webrtc/probe-turn.ts'
import { stunCheck } from '../../src/lib/checks/webrtc/stun.ts'
import { turnCheck } from '../../src/lib/checks/webrtc/turn.ts'
import { runOne } from '../support/checks.ts'
import { coturnAccount, hasCoturn, startCoturn } from '../support/coturn.ts'
import { findProgram, missingParts, run } from '../support/e2e.ts'

const missing = missingParts({ coturn: await hasCoturn(), openssl: findProgram('openssl') })
const folder = await mkdtemp(join(tmpdir(), 'mcpx-check-turn-'))
afterAll(() => rm(folder, { recursive: true }))

async function coturn(options: Parameters<typeof startCoturn>[0] = {}) {
  const server = await startCoturn(options)
  onTestFinished(() => server.stop())
  return server
}

const asked = (urls: string, account: { username?: string; credential?: string } = coturnAccount) =>
  runOne(turnCheck, { settings: { iceServers: [{ urls, ...account }] } })

describe.skipIf(missing.length > 0)('coturn', () => {
  it('passes with good credentials, over UDP and TCP, and names bad ones', async () => {
    const { port } = await coturn()
    const urls = `turn:127.0.0.1:${port}`
    const settings = { iceServers: [{ urls: `stun:127.0.0.1:${port}` }] }
    expect(await runOne(stunCheck, { settings })).toMatchObject({ status: 'pass', values: { isBehindNat: false } })
    const udp = await asked(urls)
    expect(udp).toMatchObject({ status: 'pass', detail: expect.stringContaining('socket of ours') })
    expect(udp.values!.relayMs).toBeGreaterThan(0)
    const tcp = await asked(`${urls}?transport=tcp`)
    expect(tcp).toMatchObject({ status: 'pass', detail: expect.stringContaining('relay to relay') })
    for (const account of [
      { username: 'viewer', credential: 'wrong' },
      { username: 'nobody', credential: 'secret' },
    ])
      for (const address of [urls, `${urls}?transport=tcp`])
        expect(await asked(address, account)).toMatchObject({ status: 'fail', trouble: 'wrong-credentials' })
  })

  it('passes over TLS with a certificate that holds, and names one that does not', async () => {
    const tls = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
    const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
    await run('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      tls.key,
      '-out',
      tls.cert,
      ...names,
    ])
    const { tlsPort } = await coturn({ tls })
    const server = { urls: `turns:127.0.0.1:${tlsPort}`, ...coturnAccount }
    const options = { clock: systemClock, signal: new AbortController().signal, ca: await readFile(tls.cert, 'utf8') }
    expect(await probeTurn(server, options)).toMatchObject({ status: 'pass' })
    expect(await asked(server.urls)).toMatchObject({ status: 'fail', trouble: 'certificate' })
  })

  it('finds one that everybody may use, one that refuses our address, and one that is full', async () => {
    const open = await coturn({ more: ['--no-auth', '--allow-loopback-peers'] })
    expect(await asked(`turn:127.0.0.1:${open.port}`)).toMatchObject({ status: 'warn', trouble: 'open-to-all' })
    const strict = await coturn({ more: ['--denied-peer-ip=127.0.0.1'] })
    expect(await asked(`turn:127.0.0.1:${strict.port}`)).toMatchObject({ status: 'warn', trouble: 'peer-refused' })
    const full = await coturn({ more: ['--allow-loopback-peers', '--user-quota=1'] })
    const tcp = await asked(`turn:127.0.0.1:${full.port}?transport=tcp`)
    expect(tcp).toMatchObject({ status: 'fail', trouble: 'quota' })
  })
})
