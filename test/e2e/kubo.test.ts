// A real Kubo daemon behind the server: its content plays, its death ends what needs it and nothing else, and it may come back.
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { McpxServer } from '../../src/lib/app.ts'
import { findProgram, missingParts, until } from '../support/e2e.ts'
import { allClosed, deadAddress, openStreams, scratchFolder, startServer } from '../support/e2e-server.ts'
import { failureOf, makeLongClip, openHeadless, receives } from '../support/e2e-viewer.ts'
import { findKubo, type KuboDaemon, startKubo } from '../support/kubo.ts'

const binary = findKubo()
const missing = missingParts({ kubo: binary, ffmpeg: findProgram('ffmpeg') })

describe.skipIf(missing.length > 0)('a real Kubo daemon', () => {
  let daemon: KuboDaemon
  let server: McpxServer
  let scratch: Awaited<ReturnType<typeof scratchFolder>>
  let film: string
  let small: string
  const add = async (path: string) => (await daemon.ipfs('add', '-Q', '--cid-version=1', path)).trim()

  beforeAll(async () => {
    scratch = await scratchFolder()
    film = join(scratch.path, 'film.webm')
    ;[daemon] = await Promise.all([startKubo(binary!), makeLongClip(film, 40)])
    small = join(scratch.path, 'small.webm')
    await makeLongClip(small, 2)
    server = await startServer({ ipfsApi: daemon.api, fetchTimeout: 5 })
  })

  afterAll(async () => {
    await server?.stop()
    await daemon?.stop()
    await scratch?.remove()
  })

  it('plays what Kubo has added, CIDv1 and CIDv0', async () => {
    for (const version of ['--cid-version=1', '--cid-version=0']) {
      const content = (await daemon.ipfs('add', '-Q', version, small)).trim()
      const viewer = await openHeadless(server, { content })
      await receives(viewer, 30)
      expect(viewer.snapshot()).toMatchObject({ packetsLost: 0, framesDropped: 0 })
      await viewer.close()
    }
    await allClosed(server)
  })

  it('ends one stream with one clear error when Kubo dies, and plays again when it is back', async () => {
    const content = await add(film)
    const sample = await server.engine.sample()
    expect(await server.store.pins()).toContain(sample)
    // The other one goes round in what is here already.
    const other = await openHeadless(server, { content: await add(small) })
    await receives(other, 10)
    expect(other.command({ type: 'loop', loop: true })).toBe(true)
    await receives(other, 65)
    const viewer = await openHeadless(server, { content })
    await receives(viewer, 20)
    const errors: string[] = []
    const off = server.engine.events.on('stream', ({ state, error }) => {
      if (state === 'closed' && error) errors.push(error.code)
    })

    await daemon.kill()
    // What has been read would play on for many seconds; this has not been read.
    viewer.command({ type: 'seek', timeS: 36 })
    const failure = await failureOf(viewer)
    expect(failure.code).toBe('KUBO_UNREACHABLE')
    expect(failure.message).toContain(new URL(daemon.api).host)
    await until('the stream is closed', () => openStreams(server).length === 1)
    expect(errors).toEqual(['KUBO_UNREACHABLE'])
    await viewer.close()

    await receives(other, 30)
    expect(other.snapshot()).toMatchObject({ packetsLost: 0 })
    await expect(openHeadless(server, { content: await unknownCid() })).rejects.toMatchObject({
      code: 'KUBO_UNREACHABLE',
    })

    const ladder = await openHeadless(server, { content: sample })
    await receives(ladder, 30)
    await ladder.close()

    await daemon.restart()
    const again = await openHeadless(server, { content })
    await receives(again, 60)
    expect(again.snapshot()).toMatchObject({ packetsLost: 0 })
    await Promise.all([again.close(), other.close()])
    off()
    await allClosed(server)
  })

  it('is needed at the start', async () => {
    await expect(startServer({ ipfsApi: await deadAddress() })).rejects.toMatchObject({ code: 'KUBO_UNREACHABLE' })
  })

  it('plays from the gateway alone, block by block', async () => {
    const content = await add(film)
    const alone = await startServer({ gateway: [daemon.gateway], offline: false })
    try {
      const viewer = await openHeadless(alone, { content })
      await receives(viewer, 45)
      expect(viewer.snapshot()).toMatchObject({ packetsLost: 0, framesDropped: 0 })
      await viewer.close()
      await expect(openHeadless(alone, { content: await unknownCid() })).rejects.toMatchObject({
        code: 'CONTENT_NOT_FOUND',
      })
    } finally {
      await alone.stop()
    }
  })

  /** A CID that only a hash knows. */
  async function unknownCid(): Promise<string> {
    const elsewhere = await startServer()
    try {
      const name = `${performance.now()}.webm`
      return (await elsewhere.store.add([{ path: name, content: tail(film) }])).cid
    } finally {
      await elsewhere.stop()
    }
  }
})

/** The file without its first bytes: another CID. */
async function* tail(path: string): AsyncIterable<Uint8Array> {
  yield* createReadStream(path, { start: 7, end: 5000 })
}
