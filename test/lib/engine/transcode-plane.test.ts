import { createReadStream } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import type { StreamRecord } from '../../../src/lib/model/stream.ts'
import { startTestEngine, type TestEngine, type TestEngineOptions, type Watching, watch } from '../../support/engine.ts'
import { childrenOf, signal, stateOf } from '../../support/processes.ts'
import { hasParts } from '../../support/transcode.ts'
import { clip } from '../../support/transcode-clips.ts'
import { faultArgv } from '../../support/transcode-faults.ts'
import { until } from '../../support/webrtc-pair.ts'

const isPosix = process.platform !== 'win32'
const running: TestEngine[] = []
const watching: Watching[] = []
afterEach(async () => {
  await Promise.all(watching.splice(0).map(({ viewer }) => viewer.close()))
  await Promise.all(running.splice(0).map((test) => test.end()))
})

async function start(options: TestEngineOptions): Promise<TestEngine> {
  const test = await startTestEngine({ encoder: 'node-av', ...options })
  running.push(test)
  return test
}

/** A viewer of content that is a CID, or of a clip that must be transcoded. */
async function play(
  { engine, content }: TestEngine,
  what: { cid: string } | { clip: Parameters<typeof clip>[0] },
  options: { loop?: boolean } = {},
) {
  const file = 'clip' in what ? { path: what.clip, content: createReadStream(clip(what.clip)) } : undefined
  const cid = 'cid' in what ? what.cid : (await content.store.add([file!])).cid
  const stream = await engine.open({ content: cid, ...options })
  const viewer = await watch((sdp) => engine.acceptOffer(stream.id, sdp))
  watching.push(viewer)
  return { stream, ...viewer }
}

const pictures = ({ frames }: Watching) => frames.filter(({ kind }) => kind === 'video').length
const troubles = ({ notes }: Watching) => notes.filter(({ type }) => type === 'error' || type === 'closed')
/** Waits for media. One that is transcoded also has them where it begins anew. */
const waits = ({ notes }: Watching) => notes.filter(({ type }) => type === 'buffering').length
const record = ({ engine }: TestEngine, { id }: StreamRecord) => engine.get(id)

/** Two who have nothing to do with it: one watches what is stored, one another transcode. */
async function bystanders(test: TestEngine) {
  const stored = await play(test, { cid: await test.engine.sample() }, { loop: true })
  const made = await play(test, { clip: 'flash-ac3.mp4' }, { loop: true })
  await until(() => pictures(stored) > 5 && pictures(made) > 5)
  const before = waits(stored)
  return async () => {
    const [a, b] = [pictures(stored), pictures(made)]
    await until(() => pictures(stored) > a + 20 && pictures(made) > b + 20)
    expect([...troubles(stored), ...troubles(made)]).toEqual([])
    expect(waits(stored)).toBe(before)
    expect([stored, made].map(({ stream }) => record(test, stream)?.state)).toEqual(['active', 'active'])
  }
}

describe.skipIf(!(await hasParts()))('the transcode plane', () => {
  describe.skipIf(!isPosix)('a process that ends in the middle of a segment', () => {
    it.each([
      ['SIGKILL', ['SIGKILL']],
      ['SIGSEGV', ['SIGSEGV', 'SIGCONT']],
    ] as const)(
      'by %s costs its viewer a wait, and nobody else anything',
      async (_name, signals) => {
        // The first film has the first two processes: its picture and its sound.
        const test = await start({ transcodeArgv: (started) => (started < 2 ? faultArgv('stop') : []) })
        const victim = await play(test, { clip: 'flash-long-gop.mp4' })
        const stopped = () => test.processes.find(({ pid }) => stateOf(pid!) === 'T')
        await until(() => stopped() !== undefined)
        const playOn = await bystanders(test)
        const { pid } = stopped()!
        const seen = pictures(victim)
        for (const signal of signals) process.kill(pid!, signal)
        await until(() => pictures(victim) > seen + 60)
        await playOn()
        expect(victim.notes.filter(({ type }) => type === 'error')).toEqual([])
        expect(stateOf(pid!)).toBeUndefined()
      },
      120_000,
    )
  })

  it.skipIf(!isPosix)(
    'ends a process that hangs, and another one goes on with its job',
    async () => {
      const argv = (started: number) => (started < 2 ? faultArgv('stop') : [])
      const test = await start({ transcode: { silentS: 10 }, transcodeArgv: argv })
      const victim = await play(test, { clip: 'flash-long-gop.mp4' })
      const playOn = await bystanders(test)
      await until(() => pictures(victim) > 100)
      await playOn()
      expect(troubles(victim)).toEqual([])
      expect(test.processes.slice(0, 2).filter(({ signalCode }) => signalCode === 'SIGKILL')).toHaveLength(1)
    },
    120_000,
  )

  it.skipIf(!isPosix)(
    'takes an ffmpeg that a process has started along when it ends, also one that hangs',
    async () => {
      const test = await start({ encoder: 'ffmpeg' })
      const viewer = await play(test, { clip: 'flash-long-gop.mp4' })
      let pid = 0
      let ffmpeg = 0
      await until(() => {
        pid = test.processes.find((one) => childrenOf(one.pid!, 'ffmpeg').length > 0)?.pid ?? 0
        ffmpeg = childrenOf(pid, 'ffmpeg')[0] ?? 0
        return ffmpeg > 0 && signal(ffmpeg, 'SIGSTOP')
      })
      process.kill(pid, 'SIGKILL')
      // Where nobody collects orphans it stays as a zombie.
      await until(() => [undefined, 'Z'].includes(stateOf(ffmpeg)))
      const seen = viewer.frames.length
      await until(() => viewer.frames.length > seen + 150)
      expect(viewer.notes.filter(({ type }) => type === 'error')).toEqual([])
    },
    120_000,
  )

  it('ends a process that eats memory while it holds its main thread, and another one goes on with its job', async () => {
    const argv = (started: number) => (started < 2 ? faultArgv('eat') : [])
    const test = await start({ transcode: { maxRssBytes: 500 * 2 ** 20 }, transcodeArgv: argv })
    const victim = await play(test, { clip: 'flash-long-gop.mp4' })
    const playOn = await bystanders(test)
    await until(() => pictures(victim) > 100)
    await playOn()
    expect(troubles(victim)).toEqual([])
  }, 120_000)

  it.each([
    ['crash', /crashed \(signal SIGSEGV\)/, {}],
    ['eat', /more than 500 MiB of memory/, { maxRssBytes: 500 * 2 ** 20 }],
    ['spin', /hung/, { silentS: 10 }],
  ] as const)(
    'tells the viewers of content that makes every process %s, once, and serves the others',
    async (fault, message, transcode) => {
      let isBad = true
      const test = await start({ transcode, transcodeArgv: () => (isBad ? faultArgv(fault) : []) })
      const victim = await play(test, { clip: 'flash-long-gop.mp4' })
      await until(() => record(test, victim.stream)?.state === 'closed')
      expect(record(test, victim.stream)).toMatchObject({
        closeReason: 'content_failed',
        error: {
          code: 'TRANSCODE_FAILED',
          message: expect.stringMatching(message),
          hint: expect.stringContaining('ffprobe'),
        },
      })
      // Its picture twice, its sound once.
      expect(test.processes.length).toBeGreaterThanOrEqual(3)
      expect(test.processes.filter(({ signalCode }) => signalCode !== null)).toHaveLength(2)
      isBad = false
      const next = await play(test, { clip: 'flash-mp3.mkv' })
      await until(() => next.frames.length > 20)
    },
    120_000,
  )

  it('does not blame the content for a process that cannot be started', async () => {
    const program = process.execPath
    const test = await start({})
    process.execPath = '/nowhere/node'
    const victim = await play(test, { clip: 'flash-long-gop.mp4' })
    await until(() => record(test, victim.stream)?.state === 'closed').finally(() => {
      process.execPath = program
    })
    expect(record(test, victim.stream)).toMatchObject({ error: { message: expect.stringContaining('ENOENT') } })
    expect(record(test, victim.stream)?.error?.code).not.toBe('TRANSCODE_FAILED')
  })

  it('lets processes go that have nothing to do', async () => {
    const test = await start({ transcode: { idleMs: 200 } })
    const viewer = await play(test, { clip: 'flash-long-gop.mp4' })
    await until(() => pictures(viewer) > 5)
    await test.engine.close(viewer.stream.id)
    await until(() => test.processes.length >= 2 && test.processes.every(({ exitCode }) => exitCode === 0))
  }, 120_000)

  it('takes a job more when one is over, and none more than it may have', async () => {
    const test = await start({ transcode: { maxProcesses: 2 } })
    const first = await play(test, { clip: 'flash-long-gop.mp4' })
    await until(() => pictures(first) > 5)
    const second = await play(test, { clip: 'flash-ac3.mp4' })
    await until(() => record(test, second.stream)?.state === 'closed')
    expect(record(test, second.stream)).toMatchObject({ error: { code: 'TOO_MANY_STREAMS' } })
    await test.engine.close(first.stream.id)
    const third = await play(test, { clip: 'flash-mp3.mkv' })
    await until(() => third.frames.length > 20)
    expect(test.processes).toHaveLength(2)
  }, 120_000)
})
