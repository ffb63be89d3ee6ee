// A measurement of a scripted stream, second by second: samples of both ends, delays by the sender's clock, and its ends.
import { expect, it } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { type MeasureOptions, measure as measureViewer } from '../../../src/lib/client/measure.ts'
import { type MeasuredSnapshot, measure } from '../../../src/lib/model/figures.ts'
import { settle } from '../../support/fake-clock.ts'
import { mediaNote, openScripted } from '../../support/scripted-peer.ts'
import { counted, outbound } from '../../support/stats.ts'

const opened = { connectionId: 'c', content: 'bafy', candidates: { host: 1 } }

async function measuring(options: Partial<MeasureOptions> = {}) {
  const scripted = await openScripted()
  const { clock } = scripted
  const viewer = await scripted.opening
  scripted.note(mediaNote())
  const stop = new AbortController()
  const snapshot = (): MeasuredSnapshot =>
    measure(counted({ atMs: clock.now(), video: outbound(), iceConnectMs: 11, dtlsConnectMs: 22 }), undefined)
  const running = measureViewer(viewer, opened, {
    ...{ clock, signal: stop.signal, durationS: 2, stats: async () => snapshot() },
    ...options,
  })
  running.catch(() => {})
  return { ...scripted, viewer, stop, running, pass: (ms: number) => clock.advanceAsync(ms) }
}

it('takes a sample every half second from the first frame on, with frames and CPU over the time since the last', async () => {
  let cpuS = 0
  const { clock, frame, pass, running, count } = await measuring({ cpuS: () => cpuS })
  await pass(250)
  frame(0, { isKey: true })
  await settle()
  for (let half = 1; half <= 4; half++) {
    for (let i = 1; i <= half * 5; i++) frame(half * 45_000 + i)
    cpuS += 0.1 * half
    count('video', { packetsReceived: half * 100, bytesReceived: half * 50_000, packetsLost: half === 4 ? 25 : 0 })
    await pass(500)
  }
  const run = await running
  expect(run).toMatchObject({
    ...opened,
    ...{ startedAtMs: clock.wallMs() - 2250, durationMs: 2250, firstFrameMs: 250 },
    events: [
      { event: 'opened', timeMs: 0 },
      { event: 'first_frame', timeMs: 250 },
    ],
    ...{ iceConnectMs: 11, dtlsConnectMs: 22, iceGatheringMs: null },
    ...{ framesReceived: 51, keyFramesReceived: 1, packetsReceived: 400, packetsLost: 25, bytesReceived: 200_000 },
    ...{ videoCodec: 'vp8', audioCodec: null },
  })
  expect(run.samples.map(({ timeMs }) => timeMs)).toEqual([750, 1250, 1750])
  expect(run.samples.map(({ framesPerSecond }) => framesPerSecond)).toEqual([null, 20, 30])
  expect(run.samples.map(({ cpuRatio }) => cpuRatio)).toEqual([null, expect.closeTo(0.4, 9), expect.closeTo(0.6, 9)])
  expect(run.samples[1]).toMatchObject({ lossRatio: 0, bitrateBps: 800_000, width: null, height: null })
  expect(clock.pendingTimers).toBe(1)
})

it('has the delay of each frame by the clock of the sender, over the wrap of the timestamp, least first', async () => {
  const { frame, report, pass, running } = await measuring()
  frame(2 ** 32 - 90_000, { isKey: true })
  report(2 ** 32 - 90_000)
  await pass(1000)
  frame(2 ** 32 - 90_000 + 81_000)
  frame(2 ** 32 - 90_000 + 85_500)
  // From a sender whose clock is ahead a frame comes at once, and not before.
  frame(2 ** 32 - 90_000 + 99_000)
  await pass(1000)
  const { latenciesMs } = await running
  expect(latenciesMs).toEqual([0, expect.closeTo(50, 6), expect.closeTo(100, 6)])
})

it('ties delays to the video where there is one, whatever the audio reports after it', async () => {
  const { frame, report, pass, running } = await measuring()
  frame(0, { isKey: true })
  report(9, 'audio')
  report(0, 'video')
  report(90_000, 'audio')
  await pass(500)
  frame(45_000)
  frame(7, { kind: 'audio' })
  await pass(1500)
  expect((await running).latenciesMs).toEqual([0])
})

it('goes on over a moment in which the server says nothing', async () => {
  let asked = 0
  const stats = async () => {
    if (asked++ === 1) throw new McpxError('STREAM_NOT_FOUND', 'not now')
    return measure(counted({ atMs: 1 }), undefined)
  }
  const { frame, pass, running } = await measuring({ stats, durationS: 1.6 })
  frame(0, { isKey: true })
  await pass(1600)
  expect((await running).samples.map(({ timeMs }) => timeMs)).toEqual([500, 1500])
})

it('is over with the stream, and says what ended it', async () => {
  const { frame, note, pass, running } = await measuring({ durationS: 60 })
  frame(0, { isKey: true })
  await pass(700)
  note({ type: 'closed', reason: 'timeout' })
  const { events, durationMs, samples } = await running
  expect(events.at(-1)).toEqual({ event: 'closed', timeMs: 700 })
  expect([durationMs, samples.length]).toEqual([700, 1])
})

it.each([
  ['ended', 'ended'],
  ['closed', 'server_stopped'],
] as const)('is none of a stream that was %s before anything came', async (type, detail) => {
  const { note, running } = await measuring()
  note(type === 'ended' ? { type } : { type, reason: detail })
  await expect(running).rejects.toMatchObject({ code: 'PEER_FAILED', message: expect.stringContaining(`(${detail})`) })
})

it('throws what interrupts it, and leaves no timer', async () => {
  const { clock, viewer, frame, stop, running, pass } = await measuring()
  const reports = clock.pendingTimers
  frame(0, { isKey: true })
  await pass(100)
  expect(clock.pendingTimers).toBeGreaterThanOrEqual(reports)
  stop.abort(new McpxError('INTERRUPTED', 'enough'))
  await expect(running).rejects.toThrow('enough')
  await viewer.close()
  expect(clock.pendingTimers).toBe(0)
})
