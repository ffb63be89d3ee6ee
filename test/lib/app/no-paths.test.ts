// Every route of a real server, with damage and failures that name files: no answer says where anything lies on this machine.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { McpxServer } from '../../../src/lib/app.ts'
import { until } from '../../support/e2e.ts'
import { startServer } from '../../support/e2e-server.ts'
import { openHeadless, receives } from '../../support/e2e-viewer.ts'

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
}
interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

let scratch: string
let server: McpxServer
let cid: string
let streamId: string

const options = () => ({
  isolation: false,
  persistencePath: join(scratch, 'repo'),
  // A file in place of a folder: every report fails, and says so.
  reportPath: join(scratch, 'reports'),
  logDir: join(scratch, 'logs'),
  mediaWorkers: 1,
  pollInterval: 1,
  sample: true,
  webrtcTest: true,
})

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'mcpx-paths-'))
  writeFileSync(join(scratch, 'reports'), '')
  server = await startServer(options())
  cid = server.sample!.cid
  const viewer = await openHeadless(server, { content: cid })
  await receives(viewer, 10)
  streamId = server.engine.list()[0]!.id
  await viewer.close()
  await until('the history has something', async () => {
    const answer = await fetch(`${server.url}/api/v0/history/connections?from=0&to=${Date.now()}`)
    return ((await answer.json()) as { rows: unknown[] }).rows.length > 0
  })
  // A day that cannot be read.
  writeFileSync(join(scratch, 'repo/history/2026-01-01.db'), Buffer.alloc(8192, 'garbage'))
})
afterAll(async () => {
  await server?.stop()
  rmSync(scratch, { recursive: true })
})

const values: Readonly<Record<string, () => string>> = {
  id: () => streamId,
  cid: () => cid,
  '*': () => cid,
  table: () => 'connections',
  from: () => '0',
  to: () => String(Date.now()),
  arg: () => cid,
}
const filling = (name: string) => (values[name] ?? (() => 'x'))()

/** Bodies that get as far as they can, and one that does not. */
const bodies = () => [
  { cid, duration: 1, format: 'json', output_dir: 'x' },
  { cid, content: cid, quality: 'low', connection_id: streamId, role: 'viewer', ttl: 60 },
  {},
]

async function everyAnswer(): Promise<{ what: string; text: string }[]> {
  const api = (await (await fetch(`${server.url}/openapi.json`)).json()) as OpenApi
  const hidden = [
    '/',
    '/openapi.json',
    '/dashboard',
    `/player/${cid}`,
    '/metrics',
    '/nothing/here',
    '/api/v0/webrtc/dashboard',
  ]
  const answers: { what: string; text: string }[] = []
  const ask = async (method: string, path: string, body?: unknown) => {
    const init =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
    const answer = await fetch(`${server.url}${path}`, { method, ...init })
    const head = JSON.stringify([...answer.headers])
    answers.push({ what: `${method} ${path} ${answer.status}`, text: head + (await answer.text()) })
  }
  for (const path of hidden) await ask('GET', path)
  for (const [path, methods] of Object.entries(api.paths))
    for (const [method, { parameters = [] }] of Object.entries(methods)) {
      if (path.includes('close')) continue
      const query = new URLSearchParams(
        parameters.filter((one) => one.in === 'query').map(({ name }): [string, string] => [name, filling(name)]),
      )
      const filled = path.replaceAll(/\{([^}]+)\}|\*/g, (_, name = '*') => encodeURIComponent(filling(name)))
      const address = `${filled}${query.size > 0 ? `?${query}` : ''}`
      if (method === 'get' || method === 'head') await ask(method.toUpperCase(), address)
      else for (const body of bodies()) await ask(method.toUpperCase(), address, body)
    }
  return answers
}

describe('no answer', () => {
  it('names a folder of this machine', async () => {
    const secret = [scratch, homedir(), process.cwd(), resolve(import.meta.dirname, '../../..'), tmpdir()]
    const answers = await everyAnswer()
    expect(answers.length).toBeGreaterThan(50)
    const telling = answers
      // `/` and `/root` stand for themselves in other words too; what lies below them does not.
      .filter(({ text }) => secret.some((folder) => text.includes(`${folder}/`) && folder.length > 1))
      .map(({ what, text }) => `${what}: ${text.slice(0, 2000)}`)
    expect(telling).toEqual([])
    // The test sees what it is about: the failures are there, and name what they are about.
    const said = answers.map(({ text }) => text).join('\n')
    expect(said).toContain('2026-01-01: 2026-01-01.db is damaged')
    expect(said).toContain('<reports>')
  }, 60_000)

  it('but with --debug', async () => {
    await server.stop()
    server = await startServer({ ...options(), debug: true })
    const telling = (await everyAnswer()).filter(({ text }) => text.includes(join(scratch, 'reports')))
    expect(telling.map(({ what }) => what)).toContain('POST /api/v0/mcp/webrtc/benchmark 400')
  }, 60_000)
})
