// Bad input and failures, one after the other against one server: each gets one clear error, and a viewer who watches meanwhile
// notices nothing.

import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttp, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { McpxServer } from '../../src/lib/app.ts'
import { systemClock } from '../../src/lib/base/clock.ts'
import { createLogger } from '../../src/lib/base/logger.ts'
import type { Viewer } from '../../src/lib/client/viewer.ts'
import { createHistory } from '../../src/lib/history/history.ts'
import { clipBytes, hasFfmpeg } from '../support/clips.ts'
import { run, until } from '../support/e2e.ts'
import { addBytes, addFiles, openStreams, scratchFolder, startServer, whepUrl } from '../support/e2e-server.ts'
import { failureOf, openHeadless, receives } from '../support/e2e-viewer.ts'

const unknownCid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
/** Raw CIDs of nothing in particular, that the gateway below never answers, and answers with other bytes. */
const slowCid = 'bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e'
const forgedCid = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'

const offer = [
  'v=0',
  'o=- 1 1 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0',
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  'c=IN IP4 0.0.0.0',
  'a=mid:0',
  'a=recvonly',
  'a=rtcp-mux',
  'a=ice-ufrag:abcd',
  'a=ice-pwd:abcdefghijklmnopqrstuvwx',
  `a=fingerprint:sha-256 ${Array(32).fill('AB').join(':')}`,
  'a=setup:actpass',
  'a=rtpmap:96 VP8/90000',
  '',
].join('\r\n')

interface Problem {
  readonly status: number
  readonly code: string
  readonly detail: string
}

describe('with somebody watching', () => {
  let server: McpxServer
  let gateway: HttpServer
  let witness: Viewer

  beforeAll(async () => {
    gateway = createHttp((request, response) => {
      if (request.url!.includes(slowCid)) return
      response.writeHead(request.url!.includes(forgedCid) ? 200 : 404)
      response.end('other bytes')
    })
    gateway.listen(0, '127.0.0.1')
    await once(gateway, 'listening')
    const { port } = gateway.address() as AddressInfo
    const gateways = [`http://127.0.0.1:${port}`]
    server = await startServer({ sample: true, offline: false, gateway: gateways, fetchTimeout: 2, mediaWorkers: 1 })
    witness = await openHeadless(server, { content: server.sample!.cid, quality: 'very_low' })
    await receives(witness, 10)
    witness.command({ type: 'loop', loop: true })
  })

  afterAll(async () => {
    await witness?.close()
    await server?.stop()
    gateway?.closeAllConnections()
    gateway?.close()
  })

  beforeEach(() => {
    expect(openStreams(server)).toHaveLength(1)
  })

  afterEach(async () => {
    await until('only the witness is left', () => openStreams(server).length === 1)
    await receives(witness, 10)
    expect(witness.snapshot()).toMatchObject({ packetsLost: 0, framesDropped: 0, connectionState: 'connected' })
  })

  const post = (content: string, body = offer, type = 'application/sdp') =>
    fetch(whepUrl(server, content), { method: 'POST', headers: { 'content-type': type }, body })

  async function refuses(response: Response, status: number, code: string): Promise<Problem> {
    const problem = (await response.json()) as Problem
    expect({ status: response.status, code: problem.code }).toEqual({ status, code })
    expect(JSON.stringify(problem)).not.toMatch(/node_modules|\.ts:\d|\/tmp\//)
    return problem
  }

  describe('content', () => {
    it('that is no CID', async () => {
      for (const name of ['nonsense', 'bafy', '..%2f..%2fetc%2fpasswd', '%00', 'Qm'.padEnd(3000, 'x')])
        await refuses(await post(name), 400, 'INVALID_CID')
    })

    it('that nobody has', async () => {
      const { detail } = await refuses(await post(unknownCid), 404, 'CONTENT_NOT_FOUND')
      expect(detail).toContain(unknownCid)
    })

    it('that does not arrive', async () => {
      const { detail } = await refuses(await post(slowCid), 504, 'CONTENT_TIMEOUT')
      expect(detail).toContain(slowCid)
    })

    it('that comes with other bytes than its hash', async () => {
      await refuses(await post(forgedCid), 422, 'CONTENT_CORRUPT')
    })

    it('that is no media', async () => {
      const text = new TextEncoder().encode('not media at all\n'.repeat(500))
      await refuses(await post(await addBytes(server, 'notes.mp4', text)), 415, 'NOT_MEDIA')
      await refuses(await post(await addBytes(server, 'empty.mp4', new Uint8Array())), 415, 'NOT_MEDIA')
    })

    it('that is a folder without media, or with too much of it', async () => {
      const bytes = (text: string) =>
        (async function* () {
          yield new TextEncoder().encode(text)
        })()
      const { cid } = await server.store.add([
        { path: 'folder/a.txt', content: bytes('a') },
        { path: 'folder/b.txt', content: bytes('b') },
      ])
      const response = await post(cid)
      expect([404, 415]).toContain(response.status)
      await response.body?.cancel()
      await refuses(await post(`${cid}/missing.mp4`), 404, 'CONTENT_NOT_FOUND')
    })

    it.skipIf(!hasFfmpeg)('that is cut short', async () => {
      const whole = await clipBytes('h264.mp4')
      for (const share of [0.3, 0.02]) {
        const cut = await addBytes(server, 'cut.mp4', whole.subarray(0, Math.floor(whole.length * share)))
        const { status, code } = (await (await post(cut)).json()) as Problem
        expect([status, code]).toEqual([422, 'MEDIA_CORRUPT'])
      }
    })

    it.skipIf(!hasFfmpeg)('that is damaged in the middle', async () => {
      const bytes = new Uint8Array(await clipBytes('h264-b-frames.mp4'))
      const at = Math.floor(bytes.length / 4)
      for (let i = at; i < at * 3; i++) bytes[i] = (i * 7919) & 0xff
      const viewer = await openHeadless(server, { content: await addBytes(server, 'damaged.mp4', bytes) }).catch(
        (error: { code: string }) => error,
      )
      if ('done' in viewer) {
        const end = await viewer.done.catch((error: { code: string }) => error)
        expect('code' in end ? end.code : end.reason).toMatch(/^(MEDIA_CORRUPT|ended)$/)
        await viewer.close()
      } else expect(viewer.code).toBe('MEDIA_CORRUPT')
    })

    it.skipIf(!hasFfmpeg)('in a codec that nobody knows', async () => {
      const scratch = await scratchFolder()
      try {
        const file = join(scratch.path, 'odd.mkv')
        const source = ['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=10:duration=1']
        await run('ffmpeg', ['-v', 'error', ...source, '-c:v', 'huffyuv', file])
        await refuses(await post(await addFiles(server, file), offer), 415, 'CODEC_UNSUPPORTED')
      } finally {
        await scratch.remove()
      }
    })
  })

  describe('messages', () => {
    it('that are no offer', async () => {
      await refuses(await post(server.sample!.cid, 'hello'), 400, 'INVALID_SDP')
      await refuses(await post(server.sample!.cid, offer.replace(/a=fingerprint.*\r\n/, '')), 400, 'INVALID_SDP')
      await refuses(await post(server.sample!.cid, `${offer}${'a=x:y\r\n'.repeat(9000)}`), 400, 'INVALID_SDP')
      await refuses(await post(server.sample!.cid, 'v=0\r\n'.repeat(100_000)), 413, 'MESSAGE_TOO_LARGE')
      const untyped = await post(server.sample!.cid, offer, 'text/plain')
      expect(untyped.status).toBe(415)
      await untyped.body?.cancel()
    })

    it('that are no JSON, or too much of it', async () => {
      const send = (body: string) =>
        fetch(`${server.url}/api/v0/ipfs/add`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
        })
      await refuses(await send('{"content":'), 400, 'INVALID_JSON')
      await refuses(await send('[1]'), 400, 'INVALID_REQUEST')
      await refuses(await send(JSON.stringify({ content: 'x'.repeat(40 * 2 ** 20) })), 413, 'MESSAGE_TOO_LARGE')
    })

    it('on the signalling socket', async () => {
      const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws/webrtc`)
      const messages: { type: string; code?: string }[] = []
      socket.addEventListener('message', ({ data }) => messages.push(JSON.parse(String(data))))
      const closed = new Promise<number>((resolve) => {
        socket.addEventListener('close', ({ code }) => resolve(code))
      })
      await once(socket, 'open')
      const answer = async (text: string) => {
        const before = messages.length
        socket.send(text)
        return until('an answer', () => messages[Math.max(1, before)])
      }
      await until('the welcome', () => messages[0]?.type === 'welcome')
      expect(await answer('{')).toMatchObject({ type: 'error', code: 'INVALID_JSON' })
      expect(await answer('{"type":"explode"}')).toMatchObject({ type: 'error', code: 'INVALID_REQUEST' })
      expect(await answer('{"type":"offer_request","cid":"nonsense"}')).toMatchObject({ code: 'INVALID_CID' })
      expect(await answer('{"type":"answer","pc_id":"none","sdp":"v=0"}')).toMatchObject({ code: 'STREAM_NOT_FOUND' })
      expect(await answer('{"type":"ping"}')).toMatchObject({ type: 'pong' })
      socket.send(JSON.stringify({ type: 'answer', pc_id: 'x', sdp: 'x'.repeat(400_000) }))
      const end = await Promise.race([closed, until('an error', () => messages.at(-1)?.code === 'MESSAGE_TOO_LARGE')])
      expect([1009, true]).toContain(end)
      socket.close()
    })

    it('on the control channel', async () => {
      const viewer = await openHeadless(server, { content: server.sample!.cid, quality: 'very_low' })
      await receives(viewer, 5)
      viewer.command({ type: 'seek', timeS: -1 })
      expect(await failureOf(viewer)).toMatchObject({ code: 'INVALID_REQUEST' })
      viewer.command({ type: 'explode' } as never)
      await receives(viewer, 10)
      await viewer.close()
    })

    it('on the media port', async () => {
      const response = await post(server.sample!.cid)
      const [, port] = / 127\.0\.0\.1 (\d+) typ host/.exec(await response.text())!
      const socket = createSocket('udp4')
      for (let i = 0; i < 2000; i++) {
        const bytes = Buffer.from(Array.from({ length: i % 1400 }, (_, at) => (i * 31 + at * 17) & 0xff))
        await new Promise((sent) => socket.send(bytes, Number(port), '127.0.0.1', sent))
      }
      socket.close()
      await fetch(new URL(response.headers.get('location')!, server.url), { method: 'DELETE' })
    })

    it('to streams that are not there', async () => {
      const session = `${server.url}/whep-session/none`
      await refuses(await fetch(session, { method: 'DELETE' }), 404, 'STREAM_NOT_FOUND')
      const closed = await fetch(`${server.url}/api/v0/webrtc/close/none`, { method: 'POST' })
      expect(await closed.json()).toMatchObject({ success: false, code: 'STREAM_NOT_FOUND' })
    })
  })

  it('a viewer that never comes, and one that goes without a word', async () => {
    const response = await post(server.sample!.cid)
    expect(response.status).toBe(201)
    await fetch(new URL(response.headers.get('location')!, server.url), { method: 'DELETE' })
  })
})

describe('the disk', () => {
  it('with a damaged block: the stream is refused, and the server goes on', async () => {
    const scratch = await scratchFolder()
    const options = { isolation: false, persistencePath: join(scratch.path, 'repo'), memoryCacheSize: 0 }
    const server = await startServer({ ...options, sample: true })
    try {
      const bytes = readFileSync(join(import.meta.dirname, '../../assets/sample/180p.mp4'))
      const cid = await addBytes(server, 'one.mp4', bytes)
      const blocks = join(scratch.path, 'repo/blocks')
      const files = readdirSync(blocks, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      const sizes = new Set([bytes.length % 262_144, 262_144])
      for (const { parentPath, name } of files) {
        const path = join(parentPath, name)
        const block = readFileSync(path)
        if (!sizes.has(block.length)) continue
        block[100]! ^= 0xff
        writeFileSync(path, block)
      }
      await expect(openHeadless(server, { content: cid })).rejects.toMatchObject({
        code: expect.stringMatching(/^CONTENT_(CORRUPT|NOT_FOUND)$/),
      })
      expect((await fetch(`${server.url}/health`)).status).toBe(200)
    } finally {
      await server.stop()
      await scratch.remove()
    }
  })

  it.skipIf(!canMount())('that is full: the add is refused, and what plays goes on', async () => {
    const scratch = await scratchFolder()
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', scratch.path])
    const options = { isolation: false, persistencePath: join(scratch.path, 'repo'), sample: true, mediaWorkers: 1 }
    let server: McpxServer | undefined
    try {
      server = await startServer(options)
      const viewer = await openHeadless(server, { content: server.sample!.cid, quality: 'very_low' })
      await receives(viewer, 10)
      const response = await fetch(`${server.url}/api/v0/ipfs/add`, { method: 'POST', body: form(24 * 2 ** 20) })
      expect(response.status).toBe(507)
      expect(await response.json()).toMatchObject({ success: false, code: 'DISK_FULL' })
      await receives(viewer, 30)
      expect(viewer.snapshot()).toMatchObject({ packetsLost: 0, framesDropped: 0 })
      await viewer.close()
      const small = await fetch(`${server.url}/api/v0/ipfs/add`, { method: 'POST', body: form(1000) })
      expect(small.status).toBe(200)
    } finally {
      await server?.stop()
      execFileSync('umount', [scratch.path])
      await scratch.remove()
    }
  })

  it.skipIf(!canMount())(
    'that is full: what the history has to write waits, and is written when there is space',
    async () => {
      const scratch = await scratchFolder()
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', scratch.path])
      const lines: string[] = []
      const logger = createLogger({ level: 'info', write: (line) => lines.push(line) })
      const retention = { maxAgeDays: 30, maxBytes: 1e9 }
      const history = createHistory({ folder: join(scratch.path, 'history'), retention, clock: systemClock, logger })
      const note = (n: number) =>
        history.add('events', { atMs: Date.now(), connection: `c${n}`, type: 'error', details: 'x'.repeat(50_000) })
      try {
        note(0)
        await history.flush()
        const filler = join(scratch.path, 'filler')
        expect(() => writeFileSync(filler, Buffer.alloc(4 * 2 ** 20))).toThrow('ENOSPC')
        for (let n = 1; n <= 8; n++) {
          note(n)
          await history.flush()
        }
        expect(lines.filter((line) => line.includes('DISK_FULL'))).toHaveLength(1)
        rmSync(filler)
        const { rows } = await history.read('events', { fromMs: 0, toMs: Date.now() + 1000 })
        expect(rows.map(({ connection }) => connection)).toEqual(Array.from({ length: 9 }, (_, n) => `c${n}`))
        expect(history.lostRows).toBe(0)
      } finally {
        await history.close()
        execFileSync('umount', [scratch.path])
        await scratch.remove()
      }
    },
  )
})

/** A form with one file of bytes that no two blocks share. */
function form(size: number): FormData {
  const bytes = new Uint32Array(size / 4)
  let state = 1
  for (let i = 0; i < bytes.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[i] = state
  }
  const data = new FormData()
  data.append('file', new Blob([bytes]), 'large.bin')
  return data
}

/** Root may mount a small file system in memory. */
function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    process.stderr.write('SKIPPED: a full disk, because only root can mount one\n')
    return false
  }
  return true
}
