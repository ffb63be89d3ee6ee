// An Engine without workers, which answers with recorded SDP: the doors are tested against the contract alone, to which
// test/contracts/engine.ts holds both this one and the real one.

import { systemClock } from '../../src/lib/base/clock.ts'
import { fromErrorRecord, McpxError } from '../../src/lib/base/errors.ts'
import { Events } from '../../src/lib/base/events.ts'
import type { AddedContent, AddInput, ContentStat, ContentStore } from '../../src/lib/content/store.ts'
import type { Engine, EngineEvents, EngineInfo, OpenRequest } from '../../src/lib/engine/engine.ts'
import { createStreamRegistry, type StreamLimits } from '../../src/lib/engine/stream-registry.ts'
import type { ConnectionTest } from '../../src/lib/model/connection-test.ts'
import { type MeasuredSnapshot, measure } from '../../src/lib/model/figures.ts'
import type { StatsSnapshot } from '../../src/lib/model/stats.ts'
import {
  type CloseReason,
  type MediaInfo,
  newPeerStates,
  type SentTrack,
  type StreamRecord,
} from '../../src/lib/model/stream.ts'
import type { SourceRef } from '../../src/lib/protocol/media-plane.ts'

export const cids = {
  film: 'bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq',
  other: 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku',
  folder: 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi',
  missing: 'bafybeihkoviema7g3gxyt6la7vd5ho32ictqbilu3wnlo3rs7ewhnp7lly',
} as const

export const offerSdp = [
  'v=0',
  'o=- 1 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0 1',
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  'c=IN IP4 0.0.0.0',
  'a=mid:0',
  'a=recvonly',
  'a=ice-ufrag:abcd',
  'a=ice-pwd:0123456789abcdefghijklmn',
  'a=fingerprint:sha-256 00:11:22:33',
  'a=setup:actpass',
  'a=rtpmap:96 VP8/90000',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'c=IN IP4 0.0.0.0',
  'a=mid:1',
  'a=recvonly',
  'a=ice-ufrag:abcd',
  'a=ice-pwd:0123456789abcdefghijklmn',
  'a=fingerprint:sha-256 00:11:22:33',
  'a=setup:actpass',
  'a=rtpmap:111 opus/48000/2',
  '',
].join('\r\n')

/** The answer to an offer: with credentials that say how often ICE began. */
const answerSdp = (round: number) =>
  offerSdp
    .replaceAll('recvonly', 'sendonly')
    .replaceAll('actpass', 'active')
    .replaceAll('ice-ufrag:abcd', `ice-ufrag:srv${round}`)
    .replaceAll('a=rtpmap:96', 'a=candidate:1 1 udp 2130706431 127.0.0.1 5000 typ host\r\na=rtpmap:96')

export const media: MediaInfo = {
  container: 'mp4',
  durationS: 30,
  rungs: [{ index: 0, name: 'fixed', width: 854, height: 480, frameRate: 30 }],
  mode: 'fixed',
  rotation: 0,
  tracks: [{ id: 1, kind: 'video', codec: 'vp8', width: 854, height: 480, frameRate: 30 }],
}

export interface MemoryStore extends ContentStore {
  readonly files: Map<string, Uint8Array>
  readonly pinned: Set<string>
  readonly added: { path: string; bytes: Uint8Array }[]
  /** The most bytes that reads have given out and nobody has taken back: how far they ran ahead. */
  readonly given: { bytes: number }
}

const piece = 16 * 1024

/** Content by the CIDs above; `read` is pull-based, as the contract says. */
export function createMemoryStore(kind: 'embedded' | 'kubo' = 'embedded'): MemoryStore {
  const files = new Map<string, Uint8Array>()
  const pinned = new Set<string>()
  const added: { path: string; bytes: Uint8Array }[] = []
  const given = { bytes: 0 }

  function parse(content: string): { cid: string; path: string } {
    const path = content.replace(/^ipfs:\/\/|^\/ipfs\//, '')
    const root = path.split('/')[0]!
    if (!/^baf[a-z2-7]{50,}$/.test(root)) throw new McpxError('INVALID_CID', `"${root}" is not a valid CID`)
    return { cid: path, path }
  }

  return {
    kind,
    files,
    pinned,
    added,
    given,
    async resolve(content): Promise<ContentStat & { path: string }> {
      const { cid, path } = parse(content)
      if (cid === cids.folder) return { cid, path, type: 'directory', sizeBytes: 0 }
      const bytes = files.get(cid)
      if (!bytes) throw new McpxError('CONTENT_NOT_FOUND', `nobody has ${cid}`)
      return { cid: cid.split('/')[0]!, path, type: 'file', sizeBytes: bytes.length }
    },
    list: async () => [],
    async *read(cid, { start = 0, end } = {}) {
      const bytes = files.get(cid)
      if (!bytes) throw new McpxError('CONTENT_NOT_FOUND', `nobody has ${cid}`)
      for (let at = start; at < (end ?? bytes.length); at += piece) {
        const part = bytes.subarray(at, Math.min(at + piece, end ?? bytes.length))
        given.bytes += part.length
        yield part
      }
    },
    async add(input): Promise<AddedContent> {
      let sizeBytes = 0
      for await (const { path, content } of input as AsyncIterable<AddInput>) {
        const parts: Uint8Array[] = []
        for await (const part of content) parts.push(part)
        const bytes = Buffer.concat(parts)
        sizeBytes += bytes.length
        added.push({ path, bytes })
      }
      return { cid: cids.other, sizeBytes }
    },
    async pin(cid) {
      pinned.add(cid)
    },
    async unpin(cid) {
      if (!pinned.delete(cid)) throw new McpxError('CONTENT_NOT_FOUND', `${cid} is not pinned`)
    },
    pins: async () => [...pinned],
    ensureBlock: async () => ({ source: 'local' }),
    async getBlock(cid) {
      throw new McpxError('CONTENT_NOT_FOUND', `the block ${cid} is not here`)
    },
    async sourceRef(content): Promise<SourceRef> {
      const { cid, path } = parse(content)
      return { id: path, entry: '', files: { '': { cid, sizeBytes: 0 } } }
    },
    close: async () => {},
  }
}

export interface MemoryEngine extends Engine {
  readonly store: MemoryStore
  readonly calls: { name: string; args: unknown[] }[]
  /** Changes a record and tells everybody. A stream that closes takes only reason, error and time from the change. */
  set(streamId: string, change: Partial<StreamRecord>): void
  /** Tells of snapshots as workers do: each beside the one before of its stream. */
  tell(...snapshots: readonly MeasuredSnapshot[]): void
  /** Arguments of the calls of this name. */
  argsOf(name: string): unknown[][]
}

interface Options {
  readonly store?: MemoryStore
  readonly info?: Partial<EngineInfo>
  /** Holds back `open` until it resolves. */
  readonly beforeOpen?: (request: OpenRequest) => Promise<void>
  readonly limits?: Partial<StreamLimits>
}

const unlimited: StreamLimits = { maxStreams: Infinity, maxWaitingPerOwner: Infinity, keptClosed: 1000 }
const sentTracks: readonly SentTrack[] = [{ kind: 'video', codec: 'vp8', sourceCodec: 'vp8', transcoded: false }]

export function createMemoryEngine({
  store = createMemoryStore(),
  info = {},
  beforeOpen,
  limits = {},
}: Options = {}): MemoryEngine {
  const events = new Events<EngineEvents>((error) => {
    throw error
  })
  let endsAtMs = 2_000
  const clock = { ...systemClock, wallMs: () => endsAtMs }
  const registry = createStreamRegistry({ ...unlimited, ...limits }, clock, (record) => events.emit('stream', record))
  const calls: { name: string; args: unknown[] }[] = []
  const told = new Map<string, StatsSnapshot>()
  const rounds = new Map<string, number>()
  const offered = new Set<string>()
  let created = 0
  let isStopping = false
  store.files.set(cids.film, Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251)))

  const record = (name: string, ...args: unknown[]) => calls.push({ name, args })
  const need = (id: string): StreamRecord => registry.find(id).record

  function set(id: string, { state, closeReason = 'requested', error, ...change }: Partial<StreamRecord>): void {
    if (state === 'closed') {
      endsAtMs = change.closedAtMs ?? endsAtMs
      registry.close(id, closeReason, error && fromErrorRecord(error))
    } else registry.update(id, { ...change, ...(state && { state }), ...(error && { error }) })
  }

  function requireSdp(sdp: string): void {
    if (!sdp.startsWith('v=0')) throw new McpxError('INVALID_SDP', 'the SDP does not begin with v=0')
  }

  /** Both sides have said what they can: the viewer is on its way. */
  function negotiated(id: string): void {
    const { state, peerStates } = need(id)
    set(id, {
      sent: sentTracks,
      peerStates: { ...peerStates, signaling: 'stable' },
      ...(state === 'waiting' && { state: 'connecting' }),
    })
  }

  function requireRunning(): void {
    if (isStopping) throw new McpxError('INTERRUPTED', 'the server is stopping')
  }

  async function open(request: OpenRequest): Promise<StreamRecord> {
    record('open', request)
    requireRunning()
    const giveBack = registry.reserve(request.owner)
    try {
      await beforeOpen?.(request)
      request.signal?.throwIfAborted()
      const { path } = await store.resolve(request.content)
      const opened: StreamRecord = {
        id: `stream-${++created}`,
        content: path,
        state: 'waiting',
        quality: request.quality ?? 'auto',
        createdAtMs: 1_000,
        media,
        sent: [],
        peerStates: newPeerStates,
      }
      registry.add({ record: opened, worker: 0, owner: request.owner, waiting: { cancel: () => {} } })
      return opened
    } finally {
      giveBack()
    }
  }

  async function close(id: string, reason: CloseReason = 'requested'): Promise<void> {
    record('close', id, reason)
    need(id)
    registry.close(id, reason)
  }

  async function closeAll(reason?: CloseReason): Promise<number> {
    const streams = registry.open()
    for (const { record: one } of streams) await close(one.id, reason)
    return streams.length
  }

  return {
    events,
    store,
    calls,
    set,
    tell(...snapshots) {
      events.emit(
        'snapshots',
        snapshots.map((now) => {
          const beside = measureBeside(now, told.get(now.streamId))
          told.set(now.streamId, countersOf(now))
          return beside
        }),
      )
    },
    argsOf: (name) => calls.filter((call) => call.name === name).map((call) => call.args),
    info: {
      nodeId: 'node-1',
      version: '0.0.0',
      startedAtMs: 0,
      encoder: 'none',
      mediaWorkers: 1,
      sampleCid: cids.film,
      iceServers: [],
      ...info,
    },
    open,
    async probe(content) {
      requireRunning()
      await store.resolve(content)
      return media
    },
    sample: async () => cids.film,
    async acceptOffer(id, sdp) {
      record('acceptOffer', id, sdp)
      need(id)
      requireSdp(sdp)
      negotiated(id)
      const round = (rounds.get(id) ?? 0) + 1
      rounds.set(id, round)
      return { sdp: answerSdp(round) }
    },
    async createOffer(id) {
      record('createOffer', id)
      const { state, peerStates } = need(id)
      offered.add(id)
      set(id, {
        peerStates: { ...peerStates, signaling: 'have-local-offer' },
        ...(state === 'waiting' && { state: 'connecting' }),
      })
      return { sdp: offerSdp.replaceAll('recvonly', 'sendonly') }
    },
    async acceptAnswer(id, sdp) {
      record('acceptAnswer', id, sdp)
      need(id)
      if (!offered.has(id)) throw new McpxError('STREAM_CONFLICT', 'an answer without an offer')
      requireSdp(sdp)
      negotiated(id)
    },
    async addCandidate(id, candidate) {
      record('addCandidate', id, candidate)
      need(id)
      if (candidate && !/ typ /.test(candidate.candidate)) throw new McpxError('INVALID_SDP', 'not a candidate')
    },
    async command(id, command) {
      record('command', id, command)
      const { sent } = need(id)
      if (command.type === 'quality') set(id, { quality: command.quality })
      else if (sent.length === 0) throw new McpxError('STREAM_CONFLICT', `stream ${id} has no viewer yet`)
    },
    async stats(id): Promise<MeasuredSnapshot> {
      record('stats', id)
      return snapshotOf(need(id))
    },
    list: registry.list,
    get: registry.get,
    close,
    closeAll,
    async testConnection(): Promise<ConnectionTest> {
      return {
        streamId: 'stream-test',
        iceConnectMs: 12,
        dtlsConnectMs: 30,
        firstPacketMs: 50,
        packetsReceived: 10,
        packetsLost: 0,
        candidatePair: { local: '127.0.0.1:1', remote: '127.0.0.1:2', type: 'host' },
      }
    },
    health: () => [],
    async stop() {
      isStopping = true
      await closeAll('server_stopped')
    },
  }
}

/** What a worker had counted for it. */
export function countersOf(measured: MeasuredSnapshot): StatsSnapshot {
  const { bitrateBps: _b, health: _h, videoQuality: _v, figures: _f, before: _l, ...rest } = measured
  const { pacingErrorP99Ms: _p, mediaLatencyMs: _m, ...counted } = rest
  return counted
}

/** Bitrate and scores stay as they are given; all else is measured. */
function measureBeside(now: MeasuredSnapshot, before: StatsSnapshot | undefined): MeasuredSnapshot {
  const { bitrateBps, health, videoQuality } = now
  const measured = measure(countersOf(now), before)
  const scores = { health: health.value ?? null, videoQuality: videoQuality.value ?? null }
  return {
    ...measured,
    ...{ bitrateBps, health, videoQuality, figures: { ...measured.figures, bitrateBps, ...scores } },
  }
}

export function snapshotOf(record: StreamRecord, change: Partial<MeasuredSnapshot> = {}): MeasuredSnapshot {
  const counted: StatsSnapshot = {
    streamId: record.id,
    atMs: 3_000,
    state: record.state,
    connectionState: 'connected',
    iceState: 'completed',
    mediaTimeS: 2,
    durationS: 30,
    paused: false,
    quality: 'high',
    bufferS: 1.5,
    bufferFrames: 45,
    underruns: 0,
    isStalled: false,
    isReporting: false,
    video: {
      packetsSent: 300,
      bytesSent: 300_000,
      framesSent: 60,
      keyFramesSent: 2,
      retransmittedPacketsSent: 1,
      retransmittedBytesSent: 1,
      nackCount: 1,
      pliCount: 0,
      packetsLost: 3,
      fractionLost: 0.01,
      jitterS: 0.004,
      roundTripTimeS: 0.02,
      packetsDropped: 0,
      frameSizes: { upTo: [0, 0, 0, 0, 0, 0, 0], count: 0, sum: 0 },
    },
  }
  const given = {
    bitrateBps: 1_200_000,
    health: { value: 100, version: 1, reasons: [], unknown: [] },
    videoQuality: { version: 1, reasons: [], unknown: ['picture_height'] },
  } as const
  return measureBeside({ ...measure(counted, undefined), ...given, ...change }, undefined)
}
