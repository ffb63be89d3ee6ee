// The waterfall of a CID against real servers: content that is here, at a gateway, nowhere, damaged, no media, and refused.

import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { McpxServer } from '../../src/lib/app.ts'
import { systemClock } from '../../src/lib/base/clock.ts'
import { reachServer } from '../../src/lib/checks/reach-server.ts'
import { runWaterfall, type Waterfall } from '../../src/lib/checks/waterfall/run-waterfall.ts'
import { type WaterfallReport, waterfallReport, waterfallStepNames } from '../../src/lib/protocol/waterfall.ts'
import { noSettings } from '../support/checks.ts'
import { clip, hasFfmpeg } from '../support/clips.ts'
import { createMemoryBlocks } from '../support/content-blocks.ts'
import { startGateway, type TestGateway } from '../support/content-gateway.ts'
import { missingParts } from '../support/e2e.ts'
import {
  addBytes,
  deadAddress,
  installWithoutEncoder,
  openStreams,
  runCli,
  scratchFolder,
  startCli,
  startServer,
} from '../support/e2e-server.ts'
import { kuboOrSkip, startKubo } from '../support/kubo.ts'

const missing = missingParts({ ffmpeg: hasFfmpeg })
const unknown = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'

const { signal } = new AbortController()

async function follow(content: string, { url, token }: { url: string; token?: string | undefined }, steadyS = 1) {
  const server = await reachServer({ url, token, signal, timeoutMs: 5000 })
  return runWaterfall({ content, server, settings: noSettings, clock: systemClock, signal, steadyS })
}

const stepOf = ({ steps }: Pick<Waterfall, 'steps'>, name: string) => steps.find(({ step }) => step === name)!
const statusOf = ({ steps }: Pick<Waterfall, 'steps'>) =>
  Object.fromEntries(steps.map(({ step, status }) => [step, status]))

/** It ends there: what was before is done or was not needed, what would come is skipped. */
function expectEnd(found: Waterfall, name: string, code: string): void {
  expect(stepOf(found, name)).toMatchObject({
    status: 'failed',
    code,
    cause: expect.any(String),
    fix: expect.any(String),
  })
  const at = found.steps.findIndex(({ step }) => step === name)
  expect(found.steps.slice(0, at).map(({ status }) => status)).not.toContain('failed')
  for (const step of found.steps.slice(at + 1)) expect(step).toMatchObject({ status: 'skipped' })
  expect(found.failed).toBe(name)
}

describe('the waterfall of content that is here', () => {
  let server: McpxServer
  beforeAll(async () => {
    server = await startServer({ sample: true })
  })
  afterAll(() => server.stop())

  it('has every step, in order and without a gap in what one process timed', async () => {
    const found = await follow(server.sample!.cid, server)
    expect(found.steps.map(({ step }) => step)).toEqual(waterfallStepNames)
    expect(statusOf(found)).toEqual({
      ...Object.fromEntries(waterfallStepNames.map((name) => [name, 'done'])),
      dial: 'skipped',
    })
    expect(stepOf(found, 'found').detail).toContain('it was here already')
    expect(stepOf(found, 'codec').detail).toMatch(/^video vp9 as it is, audio opus as it is$/)
    expect(stepOf(found, 'steady').ms).toBeGreaterThan(900)
    const timed = found.steps.filter(({ status }) => status === 'done')
    for (const [i, step] of timed.entries()) {
      const before = timed[i - 1]
      if (before) expect(step.startMs! + 0.5).toBeGreaterThanOrEqual(before.startMs! + before.ms! - 0.5)
    }
    expect(found.candidatePair).toBe('host/host')
    expect(openStreams(server)).toEqual([])
  })

  it('ends at the step that fails', async () => {
    expectEnd(await follow('ipfs://no-cid-at-all', server), 'parsed', 'INVALID_CID')
    expectEnd(await follow(unknown, server), 'found', 'CONTENT_NOT_FOUND')
    const text = await addBytes(server, 'notes.txt', new TextEncoder().encode('no media\n'.repeat(200)))
    expectEnd(await follow(text, server), 'demux', 'NOT_MEDIA')
    expect(openStreams(server)).toEqual([])
  })

  it('says so where there is no server', async () => {
    const url = await deadAddress()
    expect(await follow(server.sample!.cid, { url })).toMatchObject({ stopped: 'unreachable' })
  })
})

describe('the waterfall of content at a gateway', () => {
  const blocks = createMemoryBlocks()
  let gateway: TestGateway
  /** What the gateway does. */
  let answer: 'serves' | 'lies' | 'hangs' | 'has none' = 'serves'

  beforeAll(async () => {
    gateway = await startGateway((request, response) => {
      const cid = /^\/ipfs\/([^?/]+)/.exec(request.url!)?.[1] ?? ''
      const bytes = blocks.blocks.get(cid)
      if (answer === 'hangs') return
      if (answer === 'has none' || !bytes) return void response.writeHead(404).end()
      response.end(answer === 'lies' ? Buffer.from(bytes).reverse() : bytes)
    })
  })
  afterAll(() => gateway.close())

  async function serving(gateways: readonly string[]) {
    const server = await startServer({ offline: false, gateway: [...gateways], fetchTimeout: 2 })
    onTestFinished(() => server.stop())
    return server
  }

  const sample = async () => {
    const content = new Uint8Array(await readFile(join(import.meta.dirname, '../../assets/sample/720p.mp4')))
    return String(await blocks.add([{ path: 'clip', content }], { rawLeaves: true, cidVersion: 1 }))
  }

  it('tells who had it, the dial, and the first block; a second time it is here', async () => {
    answer = 'serves'
    const cid = await sample()
    const server = await serving([gateway.url])
    const first = await follow(cid, server)
    expect(stepOf(first, 'found').detail).toBe(`asked ${gateway.name}`)
    expect(stepOf(first, 'dial')).toMatchObject({ status: 'done', detail: gateway.name })
    expect(stepOf(first, 'dial').ms).toBeGreaterThan(0)
    expect(stepOf(first, 'first-block')).toMatchObject({
      status: 'done',
      detail: expect.stringContaining(gateway.name),
    })
    expect(stepOf(first, 'verified')).toMatchObject({ status: 'done' })
    const again = await follow(cid, server)
    expect(stepOf(again, 'found').detail).toContain('it was here already')
  })

  it('ends where the gateway lies, hangs, has nothing, or is not there', async () => {
    const cid = await sample()
    for (const [does, step, code] of [
      ['lies', 'verified', 'CONTENT_CORRUPT'],
      ['hangs', 'first-block', 'CONTENT_TIMEOUT'],
      ['has none', 'found', 'CONTENT_NOT_FOUND'],
    ] as const) {
      answer = does
      expectEnd(await follow(cid, await serving([gateway.url])), step, code)
    }
    expectEnd(await follow(cid, await serving([await deadAddress()])), 'dial', 'CONTENT_NOT_FOUND')
  })
})

const kuboBinary = kuboOrSkip()

describe.skipIf(!kuboBinary)('the waterfall of content in a Kubo daemon', () => {
  it('tells that the daemon had it, and ends at the dial where the daemon is gone', async () => {
    const kubo = await startKubo(kuboBinary!)
    onTestFinished(() => kubo.stop())
    const server = await startServer({ ipfsApi: kubo.api, offline: true, fetchTimeout: 3 })
    onTestFinished(() => server.stop())
    const file = join(import.meta.dirname, '../../assets/sample/720p.mp4')
    const cid = (await kubo.ipfs('add', '-Q', '--cid-version=1', file)).trim()
    const found = await follow(cid, server)
    expect(found.failed).toBeUndefined()
    expect(stepOf(found, 'found').detail).toBe('asked kubo')
    expect(stepOf(found, 'first-block').detail).toMatch(/^\d+ bytes from kubo$/)
    await kubo.kill()
    expectEnd(await follow(unknown, server), 'dial', 'KUBO_UNREACHABLE')
  })
})

describe.skipIf(missing.length > 0)('the waterfall of content that must be transcoded', () => {
  it('says what it is made of, and ends at the decision where there is no encoder', async () => {
    const folder = await scratchFolder()
    onTestFinished(folder.remove)
    const file = await clip('h264-b-frames.mp4')
    const server = await startServer()
    onTestFinished(() => server.stop())
    const { cid } = await server.store.add([{ path: 'clip.mp4', content: createReadStream(file) as never }])
    const played = await follow(cid, server)
    expect(played.failed).toBeUndefined()
    expect(stepOf(played, 'codec').detail).toMatch(/video \w+ transcoded to \w+/)

    const launcher = await installWithoutEncoder(folder.path)
    const args = ['serve', '--isolation', '--json', '--port', '0', '--offline', '--disable-webrtc-metrics']
    const bare = startCli(args, { home: folder.path, launcher, path: '' })
    onTestFinished(() => bare.kill())
    const { url } = await bare.event<{ url: string }>('ready')
    const body = new FormData()
    body.set('file', new Blob([await readFile(file)]), 'clip.mp4')
    expect(await (await fetch(`${url}/api/v0/ipfs/add`, { method: 'POST', body })).json()).toMatchObject({ cid })
    expectEnd(await follow(cid, { url }), 'codec', 'ENCODER_MISSING')
    bare.kill()
    await bare.exit
  })
})

describe('the waterfall for a viewer', () => {
  it('has what a viewer can time, and says that the rest is not told', async () => {
    const authToken = 'a-token-of-operators'
    const server = await startServer({ sample: true, authToken })
    onTestFinished(() => server.stop())
    const headers = { authorization: `Bearer ${authToken}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ role: 'viewer' })
    const minted = await fetch(`${server.url}/api/v0/tokens`, { method: 'POST', headers, body })
    const { token } = (await minted.json()) as { token: string }
    const found = await follow(server.sample!.cid, { url: server.url, token })
    expect(found.failed).toBeUndefined()
    expect(stepOf(found, 'found')).toMatchObject({ status: 'skipped', detail: expect.stringContaining('operator') })
    expect(stepOf(found, 'demux')).toMatchObject({ status: 'done', where: 'server' })
    expect(stepOf(found, 'steady')).toMatchObject({ status: 'done' })
    expectEnd(await follow(unknown, { url: server.url, token }), 'found', 'CONTENT_NOT_FOUND')
  })
})

describe('mcpx check-connectivity <cid>', () => {
  it('is JSON for the next program, with exit codes, and brings a server of its own where none runs', async () => {
    const home = await scratchFolder()
    onTestFinished(home.remove)
    const server = await startServer({ sample: true, authToken: 'a-token-of-operators' })
    onTestFinished(() => server.stop())
    const { cid } = server.sample!
    const run = async (...args: string[]) => {
      const { code, stdout } = await runCli(['check-connectivity', ...args], { home: home.path })
      return { code, report: waterfallReport.parse(JSON.parse(stdout)) as WaterfallReport }
    }
    const there = ['--server', server.url]
    const played = await run(cid, ...there, '--token', 'a-token-of-operators')
    expect(played).toMatchObject({ code: 0, report: { outcome: 'steady', server: server.url } })
    expect(await run(cid, ...there)).toMatchObject({ code: 4, report: { outcome: 'refused' } })
    expect(await run(unknown, ...there, '--token', 'a-token-of-operators')).toMatchObject({ code: 1 })
    expect(await run(cid, '--server', await deadAddress())).toMatchObject({
      code: 3,
      report: { outcome: 'unreachable' },
    })
    const own = await run(unknown, '--offline')
    expect(own).toMatchObject({ code: 1, report: { server: null, outcome: 'failed' } })
    expectEnd({ ...own.report, failed: 'found' }, 'found', 'CONTENT_NOT_FOUND')
  })
})
