// Watching to the end: a look every second, a recording of the whole besides, and a viewer that is closed whatever happens.
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ALL_FORMATS, EncodedPacketSink, FilePathSource, Input } from 'mediabunny'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ViewerSnapshot } from '../../../src/lib/client/viewer.ts'
import { watch } from '../../../src/lib/client/watch.ts'
import { settle } from '../../support/fake-clock.ts'
import { mediaNote, openScripted } from '../../support/scripted-peer.ts'
import { until } from '../../support/webrtc-pair.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcpx-watch-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function watching(options: { durationS?: number; output?: string; connectTimeoutS?: number } = {}) {
  const scripted = await openScripted()
  const viewer = await scripted.opening
  const stop = new AbortController()
  const seen: ViewerSnapshot[] = []
  const over = watch(viewer, {
    ...{ clock: scripted.clock, signal: stop.signal, onSnapshot: (snapshot) => void seen.push(snapshot) },
    ...options,
  })
  over.catch(() => {})
  return { ...scripted, stop, seen, over, pass: (ms: number) => scripted.clock.advanceAsync(ms) }
}

/** Key frames a tenth of a second apart. */
async function play({ frame, pass }: Awaited<ReturnType<typeof watching>>, count: number, from = 0) {
  for (let i = 0; i < count; i++) {
    frame((from + i) * 9000, { isKey: true })
    await pass(100)
  }
}

async function timesIn(path: string): Promise<number[]> {
  const input = new Input({ formats: ALL_FORMATS, source: new FilePathSource(path) })
  const track = await input.getPrimaryVideoTrack()
  const times: number[] = []
  for await (const packet of new EncodedPacketSink(track!).packets()) times.push(packet.timestamp)
  input.dispose()
  return times
}

describe('watching', () => {
  it('looks every second, each look since the one before', async () => {
    const { clock, seen, over, note, pass, count, closed, frame } = await watching()
    count('video', { bytesReceived: 1000 })
    await pass(1000)
    frame(0, { isKey: true })
    await settle()
    count('video', { bytesReceived: 4000 })
    await pass(1500)
    count('video', { bytesReceived: 9000 })
    await pass(250)
    note({ type: 'ended' })
    const { reason, last } = await over
    expect([reason, closed]).toEqual(['ended', ['watch', 'session', 'peer']])
    expect(seen.map(({ bitrateBps }) => bitrateBps)).toEqual([8000, 24_000])
    expect(last.bitrateBps).toBeCloseTo((5000 * 8) / 0.75, 6)
    expect(clock.pendingTimers).toBe(0)
  })

  it.each([
    ['its time is over', { reason: 'duration' }, () => {}],
    ['it is interrupted', { reason: 'interrupted' }, ({ stop }) => stop.abort()],
    ['the server closes', { reason: 'closed', detail: 'x' }, ({ note }) => note({ type: 'closed', reason: 'x' })],
  ] as [string, object, (watched: Awaited<ReturnType<typeof watching>>) => void][])(
    'is over when %s, and closes',
    async (_when, end, how) => {
      const watched = await watching({ durationS: 1 })
      watched.frame(0, { isKey: true })
      await watched.pass(999)
      how(watched)
      await watched.pass(1)
      expect(await watched.over).toMatchObject(end)
      expect([watched.closed.length, watched.clock.pendingTimers]).toEqual([3, 0])
    },
  )

  it('closes where nothing comes, and where the connection fails', async () => {
    const late = await watching({ connectTimeoutS: 2 })
    await late.pass(2000)
    await expect(late.over).rejects.toMatchObject({ code: 'PEER_FAILED' })
    const failed = await watching()
    failed.state('failed')
    await expect(failed.over).rejects.toMatchObject({ code: 'PEER_FAILED' })
    for (const { closed, clock } of [late, failed]) expect([closed.length, clock.pendingTimers]).toEqual([3, 0])
  })
})

describe('a recording', () => {
  it('has what came before the tracks were known too, and nothing twice', async () => {
    const output = join(folder, 'whole.webm')
    const watched = await watching({ output })
    await play(watched, 5)
    watched.note(mediaNote())
    await play(watched, 5, 5)
    await until(() => existsSync(output))
    await play(watched, 5, 10)
    watched.note({ type: 'ended' })
    const { recording } = await watched.over
    expect(recording).toEqual({ path: output, frames: 15, dropped: 0 })
    const times = await timesIn(output)
    expect(times).toHaveLength(15)
    for (const [i, time] of times.entries()) expect(time).toBeCloseTo(i / 10, 2)
  })

  it('is an error where nothing came to record, and where it cannot be written; the viewer is closed', async () => {
    const empty = await watching({ output: join(folder, 'empty.webm') })
    empty.note({ type: 'ended' })
    await expect(empty.over).rejects.toMatchObject({
      code: 'PEER_FAILED',
      message: expect.stringContaining('empty.webm'),
    })
    const nowhere = await watching({ output: join(folder, 'no/such/folder.webm') })
    nowhere.note(mediaNote())
    await play(nowhere, 2)
    nowhere.note({ type: 'ended' })
    await expect(nowhere.over).rejects.toThrow(/ENOENT/)
    for (const { closed } of [empty, nowhere]) expect(closed).toHaveLength(3)
  })

  it('is completed where the stream fails, which is what is told', async () => {
    const output = join(folder, 'cut.webm')
    const watched = await watching({ output })
    watched.note(mediaNote())
    await play(watched, 3)
    watched.serverIsGone()
    await expect(watched.over).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' })
    expect(await timesIn(output)).toHaveLength(3)
  })
})
