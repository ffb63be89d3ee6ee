// A server with few file descriptors and many who only connect: who watches goes on watching, and others are told to come back.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Viewer } from '../../src/lib/client/viewer.ts'
import { until } from '../support/e2e.ts'
import { launcher, scratchFolder } from '../support/e2e-server.ts'
import { openHeadless, receives } from '../support/e2e-viewer.ts'

const maxFiles = 256
const flood = 400

describe.skipIf(process.platform === 'win32')(`${flood} silent connections at ulimit -n ${maxFiles}`, () => {
  let scratch: Awaited<ReturnType<typeof scratchFolder>>
  let child: ReturnType<typeof spawn>
  let ready: { url: string; sample: { cid: string } }
  let log = ''
  let viewer: Viewer | undefined
  const sockets: Socket[] = []

  beforeAll(async () => {
    scratch = await scratchFolder()
    const serve = ['serve', '--sample', '--json', '--port', '0', '--offline', '--media-workers', '1']
    const shell = `ulimit -n ${maxFiles}; exec "$0" "$@"`
    const args = [process.execPath, launcher, ...serve, '--webrtc-metrics-port', '0', '--rate-limit', '0']
    child = spawn('/bin/sh', ['-c', shell, ...args], {
      env: { ...process.env, HOME: scratch.path, TMPDIR: scratch.path },
    })
    child.stderr!.on('data', (bytes) => {
      log += bytes
    })
    const [line] = await once(child.stdout!, 'data')
    ready = JSON.parse(String(line))
  })

  afterAll(async () => {
    await viewer?.close()
    for (const socket of sockets) socket.destroy()
    if (child?.exitCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    await scratch?.remove()
  })

  it('take no descriptor that media needs', async () => {
    viewer = await openHeadless(ready, { content: ready.sample.cid })
    await receives(viewer, 10)
    viewer.command({ type: 'loop', loop: true })
    const before = viewer.snapshot().freezeCount

    let refused = ''
    const port = Number(new URL(ready.url).port)
    for (let i = 0; i < flood; i++) {
      const socket = connect(port, '127.0.0.1')
      sockets.push(socket)
      socket.on('error', () => {})
      socket.on('data', (bytes) => {
        refused += bytes
      })
    }
    await until('somebody is refused', () => refused.includes('503 Service Unavailable'))
    expect(refused).toMatch(/retry-after: \d+/)

    // Longer than the worker's timers take, and than the watchdog waits for a worker that says nothing.
    await receives(viewer, 12 * 30, 30_000)
    expect(viewer.snapshot()).toMatchObject({ connectionState: 'connected', freezeCount: before, packetsLost: 0 })
    expect(log).not.toMatch(/EMFILE|worker thread ended|stuck/)

    // Who said nothing is gone by now, and others come in.
    const open = () => openHeadless(ready, { content: ready.sample.cid })
    const next = await until('a new viewer comes in', open, { timeoutMs: 30_000, everyMs: 500 })
    await receives(next, 10)
    await next.close()
  })
})
