// Firewalls on the way, in namespaces of the kernel: UDP dropped one way, the other, both, the large ones only; TCP; the ports of a relay.
// What is blocked is named, by the built command against the built server, and nothing hangs.
import { type ChildProcess, execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ChecksReport } from '../../src/lib/protocol/checks.ts'
import { waterfallReport } from '../../src/lib/protocol/waterfall.ts'
import { coturnAccount, hasCoturn } from '../support/coturn.ts'
import { findProgram, missingParts, until } from '../support/e2e.ts'
import { launcher, scratchFolder } from '../support/e2e-server.ts'
import { canMakeNamespaces, makeNamespaces, type Namespaces, sideAddress } from '../support/netns.ts'

const missing = missingParts({
  'network namespaces': await canMakeNamespaces(),
  nft: findProgram('nft'),
  coturn: await hasCoturn(),
})

const sh = promisify(execFile)
const turnPort = 3478
/** Where the NAT of one test shows the viewer. */
const natAddress = '10.77.1.2'

describe.skipIf(missing.length > 0)('a firewall between viewer and server', () => {
  let space: Namespaces
  let folder: Awaited<ReturnType<typeof scratchFolder>>
  let url: string
  const children: ChildProcess[] = []

  /** The server's side is `a`, the viewer's is `b`. */
  const start = (name: string, line: string) => {
    const to = `>${join(folder.path, `${name}.out`)} 2>${join(folder.path, `${name}.err`)}`
    const child = space.start('a', 'sh', ['-c', `cd ${folder.path}; export HOME=${folder.path}; exec ${line} ${to}`])
    children.push(child)
    return child
  }
  const said = (file: string) => readFile(join(folder.path, file), 'utf8').catch(() => '')

  const nft = (side: 'a' | 'b', text: string) => space.run(side, 'nft', text)

  /** Rules of the server's side, for what comes in and what goes out. */
  async function wall({ input = [], output = [] }: { input?: readonly string[]; output?: readonly string[] }) {
    await nft('a', 'add table inet wall')
    const chains = [
      ['input', 'iifname != lo', input],
      ['output', 'oifname != lo', output],
    ] as const
    for (const [hook, outside, rules] of chains) {
      await nft('a', `add chain inet wall ${hook} { type filter hook ${hook} priority 0; }`)
      for (const rule of rules) await nft('a', `add rule inet wall ${hook} ${outside} ${rule}`)
    }
  }

  async function check(names: readonly string[], more: readonly string[] = []) {
    const args = ['netns', 'exec', space.names.b, process.execPath, launcher, 'check-connectivity', ...names]
    const env = { ...process.env, HOME: folder.path }
    const beganMs = performance.now()
    const { stdout, code } = await sh('ip', [...args, '--server', url, '--json', ...more], {
      env,
      cwd: folder.path,
    }).then(
      ({ stdout }) => ({ stdout, code: 0 }),
      (error: { stdout: string; code: number }) => error,
    )
    const { results } = JSON.parse(stdout) as ChecksReport
    const of = (name: string) => results.filter(({ check }) => check === name)
    return { code, of, one: (name: string) => of(name)[0], seconds: (performance.now() - beganMs) / 1000 }
  }

  beforeAll(async () => {
    folder = await scratchFolder()
    space = await makeNamespaces()
    const serve = `serve --json --sample --host ${sideAddress.a} --insecure --port 8000 --offline --isolation --disable-webrtc-metrics --rate-limit 0 --poll-interval 1`
    start('serve', `${process.execPath} ${launcher} ${serve}`)
    start(
      'turn',
      `turnserver -n --no-cli --no-tls --no-dtls --log-file stdout --pidfile turn.pid --userdb turndb --listening-ip ${sideAddress.a} --relay-ip ${sideAddress.a} --listening-port ${turnPort} --lt-cred-mech --user viewer:secret --realm mcpx`,
    )
    url = `http://${sideAddress.a}:8000`
    await until('the server is ready', async () => (await said('serve.out')).includes('"ready"'), { timeoutMs: 60_000 })
    await until('turnserver is ready', async () => (await said('turn.out')).includes('DB connection success'))
  })

  afterEach(async () => {
    await nft('a', 'flush ruleset')
    await nft('b', 'flush ruleset')
  })

  afterAll(async () => {
    for (const child of children) {
      child.kill()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    }
    await space?.close()
    await folder?.remove()
  })

  const turn = `turn:${sideAddress.a}:${turnPort}?username=${coturnAccount.username}&credential=${coturnAccount.credential}`
  const stun = `stun:${sideAddress.a}:${turnPort}`

  it('lets everything pass where there is none', async () => {
    const { code, of, one } = await check(['webrtc', 'network'], ['--ice-server', stun, '--ice-server', turn])
    expect(one('udp')).toMatchObject({ status: 'pass' })
    expect(one('announced-address')).toMatchObject({ status: 'pass', subject: expect.stringContaining(sideAddress.a) })
    expect(of('end-to-end')).toMatchObject([
      { status: 'pass', subject: 'host' },
      { status: 'skipped', subject: 'server-reflexive' },
      { status: 'pass', subject: 'relay', values: { candidatePair: expect.stringMatching(/^relay/) } },
    ])
    expect(one('stun')).toMatchObject({ status: 'pass', values: { isBehindNat: false } })
    expect(one('turn')).toMatchObject({ status: 'pass' })
    expect(code).toBe(0)
  })

  it('takes the path through a NAT', async () => {
    await space.run('a', 'ip', 'route', 'replace', natAddress, 'via', sideAddress.b)
    await nft('b', 'add table ip nat')
    await nft('b', 'add chain ip nat out { type nat hook postrouting priority 100; }')
    await nft('b', `add rule ip nat out ip protocol udp ip daddr ${sideAddress.a} snat to ${natAddress}`)
    const { of, one } = await check(['end-to-end', 'stun'], ['--ice-server', stun])
    expect(one('stun')).toMatchObject({ status: 'pass', values: { isBehindNat: true, mappedAddress: natAddress } })
    expect(of('end-to-end')).toMatchObject([{ status: 'pass' }, { status: 'pass', subject: 'server-reflexive' }, {}])
  })

  it.each([
    ['both ways', { input: ['meta l4proto udp drop'], output: ['meta l4proto udp drop'] }, 'blocked'],
    ['from here to there', { input: ['meta l4proto udp drop'] }, 'blocked-out'],
    ['from there to here', { output: ['meta l4proto udp drop'] }, 'blocked-in'],
  ] as const)('that drops UDP %s', async (_, rules, trouble) => {
    await wall(rules)
    const { code, of, one, seconds } = await check(['udp', 'end-to-end', 'stun'], ['--ice-server', stun])
    expect(one('udp')).toMatchObject({ status: 'fail', trouble })
    expect(of('end-to-end')[0]).toMatchObject({ status: 'fail', subject: 'host', trouble })
    expect(one('stun')).toMatchObject({ status: 'fail', trouble: 'no-answer' })
    expect(code).toBe(1)
    expect(seconds).toBeLessThan(45)
  })

  it('ends the waterfall of a CID at the step that it stops', async () => {
    const sample = (JSON.parse((await said('serve.out')).split('\n')[0]!) as { sample: { cid: string } }).sample.cid
    const follow = async () => {
      const args = ['netns', 'exec', space.names.b, process.execPath, launcher, 'check-connectivity', sample]
      const env = { ...process.env, HOME: folder.path }
      const ended = await sh('ip', [...args, '--server', url, '--json'], { env, cwd: folder.path }).catch(
        (error) => error,
      )
      const { steps } = waterfallReport.parse(JSON.parse(ended.stdout))
      const at = steps.findIndex(({ status }) => status === 'failed')
      expect(steps.slice(at + 1).every(({ status }) => status === 'skipped')).toBe(true)
      return steps[at]
    }
    await wall({ input: ['meta l4proto udp drop'] })
    expect(await follow()).toMatchObject({ step: 'ice', cause: expect.stringContaining('does not arrive there') })
    await nft('a', 'flush ruleset')
    await wall({ output: ['udp length > 1000 drop'] })
    const { step, cause } = (await follow())!
    expect(['first-rtp', 'first-key-frame']).toContain(step)
    expect(cause).toContain('large ones do not')
  })

  it('that drops large packets only, to us or to the server', async () => {
    await wall({ output: ['udp length > 1000 drop'] })
    const down = await check(['udp', 'end-to-end'])
    expect(down.of('end-to-end')[0]).toMatchObject({ status: 'fail', trouble: 'large-lost' })
    await nft('a', 'flush ruleset')
    await wall({ input: ['udp length > 1000 drop'] })
    const up = await check(['udp', 'end-to-end'])
    expect(up.one('udp')).toMatchObject({ status: 'fail', trouble: 'large-lost' })
    // What a viewer sends is small.
    expect(up.of('end-to-end')[0]).toMatchObject({ status: 'pass' })
  })

  it('that drops TCP, one way or both: the server cannot be reached at all', async () => {
    for (const rules of [{ input: ['meta l4proto tcp drop'] }, { output: ['meta l4proto tcp drop'] }]) {
      await wall(rules)
      const { code, seconds } = await check(['webrtc', 'network'])
      expect(code).toBe(3)
      expect(seconds).toBeLessThan(30)
      await nft('a', 'flush ruleset')
    }
  })

  it('that closes the ports of a relay, both ways and one', async () => {
    const relayPorts = 'udp dport 49152-65535 drop'
    await wall({ input: [relayPorts], output: ['udp sport 49152-65535 drop'] })
    expect((await check(['turn'], ['--ice-server', turn])).one('turn')).toMatchObject({ trouble: 'never-relays' })
    await nft('a', 'flush ruleset')
    await wall({ input: [relayPorts] })
    expect((await check(['turn'], ['--ice-server', turn])).one('turn')).toMatchObject({ trouble: 'one-way' })
  })
})
