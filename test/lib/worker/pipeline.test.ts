import { afterEach, expect, it } from 'vitest'
import type { CongestionController } from '../../../src/lib/feedback/congestion/controller.ts'
import type { PacketFeedback } from '../../../src/lib/model/packet-report.ts'
import type { ParsedRtp } from '../../../src/lib/webrtc/rtp/receive-stream.ts'
import { Pipeline } from '../../../src/lib/worker/pipeline.ts'
import type { TrackPlan } from '../../../src/lib/worker/plan-tracks.ts'
import { MemoryFeed } from '../../support/memory-feed.ts'
import { connectPair, createFactory, HandClock, until } from '../../support/webrtc-pair.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** Allows what a test says, and writes down what it was told. */
class Recorder implements CongestionController {
  allowance = { targetBps: 2_500_000, pacingBps: 7_500_000, paddingBps: 0 }
  readonly sent: [kind: string, byteLength: number, atMs: number][] = []
  readonly feedback: PacketFeedback[] = []
  readonly ticks: number[] = []
  onSent(...sent: [kind: string, byteLength: number, atMs: number]): void {
    this.sent.push(sent)
  }
  onFeedback(feedback: PacketFeedback): void {
    this.feedback.push(feedback)
  }
  onReceiverEstimate(): void {}
  onTick(nowMs: number): void {
    this.ticks.push(nowMs)
  }
}

/** Content in memory, a pipeline of ours, real peers over loopback; time goes on in steps of 2 ms. */
async function start(drop: (packet: ParsedRtp) => boolean = () => false) {
  const clock = new HandClock()
  const factory = await createFactory({}, clock)
  closing.push(() => factory.close())
  const { peer, viewer } = await connectPair(factory, { clock, drop })
  closing.push(() => viewer.close())
  const feeds = [
    new MemoryFeed({ kind: 'video', durationS: 20, gopS: 5, deltaPackets: 6 }),
    new MemoryFeed({ kind: 'audio', durationS: 20 }),
  ] as const
  const planned = { codec: { codec: 'vp8', parameters: {} }, rungs: [], transcoded: false } as const
  const plan: TrackPlan = { video: planned, audio: { ...planned } }
  const congestion = new Recorder()
  const epochs: number[] = []
  const pipeline = new Pipeline({
    clock,
    content: { feed: (kind) => ({ feed: kind === plan.video ? feeds[0] : feeds[1], pictureIdOffset: -1 }) },
    plan,
    rung: 0,
    congestion,
    playback: {
      random: () => 0.5,
      events: { epoch: ({ mediaTimeS }) => epochs.push(mediaTimeS), buffering() {}, ended() {}, error() {} },
    },
  })
  const step = () => {
    clock.advance(2)
    pipeline.tick(clock.now(), clock.wallMs())
  }
  /** Every 20 ms the network gets time to deliver. */
  async function run(ms: number): Promise<void> {
    for (let at = 0; at < ms; at += 2) {
      step()
      if (at % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }
  return { clock, peer, viewer, congestion, epochs, pipeline, step, run }
}

it('carries content to the viewer, sends again by the tick what is lost, and learns what became of every packet', async () => {
  let primaries = 0
  const isVideo = ({ payloadType }: ParsedRtp) => payloadType === 98
  const { peer, viewer, congestion, pipeline, run, step } = await start(
    (packet) => isVideo(packet) && ++primaries % 25 === 7,
  )
  const asked: number[] = []
  peer.events.on('nack', (_kind, sequences) => asked.push(...sequences))
  await run(100)
  expect(congestion.sent, 'nothing before it is connected and played').toEqual([])
  pipeline.connect(peer)
  pipeline.playback.play()
  await run(1000)
  pipeline.playback.pause()
  const reports = () => congestion.feedback.flatMap(({ packets }) => packets)
  const settled = () =>
    new Set(
      reports()
        .filter(({ arrivedAtMs }) => arrivedAtMs)
        .map(({ sequence }) => sequence),
    )
  const isRepaired = () => viewer.stats().video!.packetsRecovered === viewer.stats().video!.packetsLost
  await until(() => {
    step()
    return isRepaired() && settled().size + viewer.stats().video!.packetsLost === congestion.sent.length
  })
  const { video, audio } = pipeline.playback.snapshot(0)
  const [repaired, received] = [video!.retransmittedPacketsSent, viewer.stats()]
  expect(repaired).toBeGreaterThanOrEqual(new Set(asked).size)
  expect(repaired).toBeGreaterThan(3)
  expect(congestion.sent).toHaveLength(video!.packetsSent + audio!.packetsSent + repaired)
  expect(received.video!.packetsReceived).toBe(video!.packetsSent)
  expect(received.audio!.packetsReceived).toBe(audio!.packetsSent)
  expect(reports().filter(({ kind }) => kind === 'rtx')).toHaveLength(repaired)
  for (const { sequence, ...report } of reports())
    expect([report.kind, report.byteLength, report.sentAtMs]).toEqual(congestion.sent[sequence])
  expect(reports().filter(({ arrivedAtMs }) => arrivedAtMs === undefined)).toHaveLength(received.video!.packetsLost)
})

it('asks congestion control at every tick that is due, and holds playback to what it allows', async () => {
  const { peer, congestion, epochs, pipeline, run } = await start()
  pipeline.connect(peer)
  pipeline.playback.play()
  congestion.allowance = { ...congestion.allowance, targetBps: 50_000_000 }
  await run(500)
  for (const [i, atMs] of congestion.ticks.slice(1).entries())
    expect(atMs - congestion.ticks[i]!).toBeLessThanOrEqual(26)
  pipeline.playback.seek(9.5)
  await run(300)
  expect(epochs.at(-1), 'such a path takes all that is before the frame').toBeCloseTo(9.5, 5)
  congestion.allowance = { ...congestion.allowance, targetBps: 500_000 }
  await run(50)
  pipeline.playback.seek(9.5)
  await run(300)
  expect(epochs.at(-1), 'this one does not').toBe(5)
})

it('sends a report for each kind', async () => {
  const { peer, viewer, clock, pipeline, run } = await start()
  const reported = new Map<string, number>()
  viewer.events.on('report', ({ kind, wallMs }) => reported.set(kind, wallMs))
  pipeline.connect(peer)
  pipeline.playback.play()
  await run(200)
  pipeline.sendSenderReports()
  const nowMs = clock.wallMs()
  await until(() => reported.size === 2)
  for (const wallMs of reported.values()) expect(wallMs).toBeCloseTo(nowMs, 0)
})
