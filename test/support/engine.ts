// An engine over a throw-away store with real worker threads, and viewers that watch what it sends.
import type { ChildProcess } from 'node:child_process'
import { basename } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { addSample } from '../../src/lib/app/assets.ts'
import { systemClock } from '../../src/lib/base/clock.ts'
import { silentLogger } from '../../src/lib/base/logger.ts'
import { spawnProcess } from '../../src/lib/base/spawn-process.ts'
import { spawnWorker } from '../../src/lib/base/spawn-worker.ts'
import { testConnection } from '../../src/lib/client/connection-test.ts'
import { parseVp9Header } from '../../src/lib/codec/vp9-header.ts'
import type { Content } from '../../src/lib/content/open-store.ts'
import type { ContentStore } from '../../src/lib/content/store.ts'
import { createEngine, type EngineSettings } from '../../src/lib/engine/create-engine.ts'
import type { Engine } from '../../src/lib/engine/engine.ts'
import type { Command, ServerNote } from '../../src/lib/protocol/control.ts'
import type { WorkerSettings } from '../../src/lib/protocol/media-plane.ts'
import type { TranscodeSettings } from '../../src/lib/protocol/transcode-plane.ts'
import { FrameAssembler, type ReceivedFrame } from '../../src/lib/webrtc/frame-assembler.ts'
import { createReceivingPeer, type ReceivingPeer, type ViewerOptions } from '../../src/lib/webrtc/receiving-peer.ts'
import { openTestContent } from './content.ts'

export const workerSettings = (blocksPath: string, overrides: Partial<WorkerSettings> = {}): WorkerSettings => ({
  index: 0,
  blocksPath,
  memoryCacheBytes: 16 * 2 ** 20,
  renditionCacheBytes: 32 * 2 ** 20,
  peer: { iceServers: [], announceAddresses: [], bindAddresses: ['127.0.0.1'], udpPort: 0 },
  snapshotIntervalMs: 200,
  logLevel: 'error',
  encoder: 'none',
  ...overrides,
})

export interface TestEngine {
  readonly engine: Engine
  readonly content: Content
  /** Every thread that was started, in order. */
  readonly threads: { readonly name: string; readonly worker: Worker }[]
  /** Every transcode process that was started, in order. */
  readonly processes: ChildProcess[]
  /** Stops the engine and removes the store. */
  end(): Promise<void>
}

/** As `serve` has them, but for fewer at once. */
const transcodeDefaults = {
  maxProcesses: 8,
  memoryCacheBytes: 4 * 2 ** 20,
  maxRssBytes: 1.5 * 2 ** 30,
  silentS: 15,
  idleMs: 60_000,
} as const

export interface TestEngineOptions extends Omit<Partial<EngineSettings>, 'transcode'> {
  readonly transcode?: Partial<TranscodeSettings>
  /** Options for the Node of a transcode process, by how many were started before it. */
  readonly transcodeArgv?: (started: number) => readonly string[]
  readonly workerCount?: number
  readonly encoder?: WorkerSettings['encoder']
  readonly store?: (store: ContentStore) => ContentStore
}

export async function startTestEngine(options: TestEngineOptions = {}): Promise<TestEngine> {
  const { workerCount = 1, encoder = 'none', store = (same) => same, transcode, transcodeArgv, ...overrides } = options
  const content = await openTestContent({ offline: true })
  const { blocksPath } = content
  const threads: { name: string; worker: Worker }[] = []
  const processes: ChildProcess[] = []
  const engine = await createEngine(
    {
      info: { nodeId: 'test', version: '0', startedAtMs: 0, encoder, mediaWorkers: workerCount, iceServers: [] },
      workers: Array.from({ length: workerCount }, (_, index) => workerSettings(blocksPath, { index, encoder })),
      ...(encoder !== 'none' && {
        transcode: { ...transcodeDefaults, blocksPath, encoder, ...transcode },
      }),
      maxStreams: 50,
      maxWaitingPerOwner: 20,
      addSample: () => addSample(content.store),
      openTimeoutMs: 10_000,
      viewerTimeoutMs: 60_000,
      keptClosed: 100,
      ...overrides,
    },
    {
      store: store(content.store),
      metadata: content.metadata,
      clock: systemClock,
      logger: silentLogger,
      testConnection: (tested) => testConnection(tested, systemClock),
      spawn(name, base, data) {
        const worker = spawnWorker(name, base, data)
        threads.push({ name: basename(name), worker })
        return worker
      },
      spawnProcess(path, base, started) {
        const child = spawnProcess(path, base, {
          ...started,
          ...(transcodeArgv && { execArgv: transcodeArgv(processes.length) }),
        })
        processes.push(child)
        return child
      },
    },
  ).catch(async (error: unknown) => {
    await content.close()
    throw error
  })
  const end = async () => {
    await engine.stop()
    await content.close()
  }
  return { engine, content, threads, processes, end }
}

/** A viewer and what it got. */
export interface Watching {
  readonly viewer: ReceivingPeer
  readonly notes: ServerNote[]
  readonly frames: ReceivedFrame[]
  tell(command: Command): void
  /** Of the last key frame, when it is VP9. */
  pictureHeight(): number | undefined
}

/** Connects as WHEP does: `accept` takes the viewer's offer and gives the answer. */
export const watch = (accept: (offer: string) => Promise<{ sdp: string }>): Promise<Watching> =>
  watchOver(async (viewer) => viewer.acceptAnswer((await accept(await viewer.offer())).sdp))

/** Connects over any negotiation. */
export async function watchOver(
  negotiate: (viewer: ReceivingPeer) => Promise<void>,
  options: Partial<ViewerOptions> = {},
): Promise<Watching> {
  const viewer = await createReceivingPeer({ clock: systemClock, bindAddresses: ['127.0.0.1'], ...options })
  const notes: ServerNote[] = []
  const frames: ReceivedFrame[] = []
  const assemblers = new Map<string, FrameAssembler>()
  viewer.events.on('control', (text) => notes.push(JSON.parse(text) as ServerNote))
  viewer.events.on('rtp', (packet) => {
    const { kind, codec } = packet
    const assembler = assemblers.get(kind) ?? new FrameAssembler({ kind, codec })
    assemblers.set(kind, assembler)
    frames.push(...assembler.push(packet))
  })
  await negotiate(viewer).catch(async (error: unknown) => {
    await viewer.close()
    throw error
  })
  return {
    viewer,
    notes,
    frames,
    tell: (command) => {
      if (!viewer.sendControl(JSON.stringify(command))) throw new Error('the control channel is not open')
    },
    pictureHeight() {
      const key = frames.findLast(({ kind, isKey }) => kind === 'video' && isKey)
      return key && parseVp9Header(key.data).size?.height
    },
  }
}
