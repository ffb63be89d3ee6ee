// A viewer without a screen: takes a stream over WebRTC and says how well it arrives.
import { type Clock, every } from '../base/clock.ts'
import { fromErrorRecord, isErrorCode, McpxError } from '../base/errors.ts'
import { Events } from '../base/events.ts'
import { createCloser } from '../base/lifecycle.ts'
import type { ConnectionState, MediaInfo, SentTrack } from '../model/stream.ts'
import type { MediaKind } from '../model/track.ts'
import {
  type Command,
  rtpDistance,
  type ServerNote,
  type ViewerMessage,
  viewerReportIntervalMs,
} from '../protocol/control.ts'
import { FreezeCounter, type Freezes } from '../protocol/freezes.ts'
import { Playout } from '../protocol/playout.ts'
import { parseServerNote } from '../protocol/server-note.ts'
import { Stillness } from '../protocol/stillness.ts'
import { FrameAssembler, type ReceivedFrame } from '../webrtc/frame-assembler.ts'
import type { ReceivedRtp, ReceivingPeer } from '../webrtc/receiving-peer.ts'
import type { Door, StreamRequest } from './door.ts'
import { createPlaybackPosition } from './playback-position.ts'
import type { SenderClock } from './recording-timeline.ts'

/** What a player would hold back to even out jitter; the buffer figure is what is left of it. */
const playoutDelayS = 0.2

/** How long a missing packet of video is waited for: as long as it is asked for again, and its last answer may take. */
const repairMs = 1300
/** Of audio nothing is sent again. */
const audioRepairMs = 300

interface Totals {
  readonly packetsReceived: number
  readonly bytesReceived: number
  readonly packetsLost: number
  readonly packetsRecovered: number
}

export interface ViewerSnapshot extends Totals, Freezes {
  /** Video frames that came whole. */
  readonly framesReceived: number
  readonly keyFramesReceived: number
  /** Video frames that were given up because packets of them never came, or made no sense. */
  readonly framesDropped: number
  readonly connectionState: ConnectionState
  readonly mediaTimeS: number
  readonly durationS?: number
  readonly paused: boolean
  readonly quality?: string
  /** Since the request. */
  readonly ageS: number
  /** Over the time since the earlier snapshot. */
  readonly bitrateBps: number
  /** 0-1, over the time since the earlier snapshot. */
  readonly lossRatio: number
  /** Media that has arrived ahead of a player that began 0.2 s after the first frame; 0 when it would have to wait. */
  readonly bufferS: number
  /** From the request to the first whole frame. */
  readonly firstFrameMs?: number
  readonly roundTripTimeS?: number
}

/** `ended`: the content is over. `closed`: the server closed the stream. */
export interface ViewerEnd {
  readonly reason: 'ended' | 'closed'
  readonly detail?: string
}

/** `report`: how the clock of a track stands to the sender's, once a second. `quality`: what is sent from now on, by name. */
type ReceivedEvents = { frame: [ReceivedFrame]; report: [SenderClock]; quality: [string] }

export interface Viewer {
  readonly events: Events<ReceivedEvents>
  readonly media: MediaInfo | undefined
  readonly sent: readonly SentTrack[]
  /** Resolves when the stream is over; rejects with PEER_FAILED, SERVER_UNREACHABLE or what the server reports. */
  readonly done: Promise<ViewerEnd>
  /** Rates are over the time since `earlier`, the last that this asker got, or the request: nobody takes them from another. */
  snapshot(earlier?: ViewerSnapshot): ViewerSnapshot
  command(command: Command): boolean
  /** Ends the stream at the server and closes the connection. Idempotent. */
  close(): Promise<void>
}

interface ViewerDeps {
  readonly door: Door
  /** Frames are kept: what is missing is waited for also where a player would go on with a key frame that is there. */
  readonly isRecorded?: boolean
  readonly clock: Clock
  readonly createPeer: () => Promise<ReceivingPeer>
}

/** Opens the stream and resolves once the server has answered the offer. Throws what the server says. */
export async function openViewer(request: StreamRequest, deps: ViewerDeps): Promise<Viewer> {
  const { door, clock, createPeer, isRecorded = false } = deps
  const startedAtMs = clock.now()
  const closer = createCloser()
  const peer = await createPeer()
  closer.add('peer', () => peer.close())
  const watcher = createWatcher(peer, clock, { startedAtMs, skipsToKey: !isRecorded })
  try {
    const session = await door.open(request, await peer.offer())
    closer.add('session', () => session.close(AbortSignal.timeout(3000)).catch(() => {}))
    await peer.acceptAnswer(session.answer)
    closer.add('server watch', door.watch({ heard: watcher.heard, onGone: watcher.fail }))
    const reports = every(clock, viewerReportIntervalMs, () => peer.sendControl(JSON.stringify(watcher.report())))
    closer.add('reports', () => reports.cancel())
  } catch (error) {
    await closer.close()
    throw error
  }
  return {
    ...watcher.face,
    get media() {
      return watcher.media()
    },
    get sent() {
      return watcher.sent()
    },
    command(command) {
      watcher.asked(command)
      return peer.sendControl(JSON.stringify(command))
    },
    async close() {
      await closer.close()
    },
  }
}

/** Counts what the peer tells. */
function createWatcher(peer: ReceivingPeer, clock: Clock, options: { startedAtMs: number; skipsToKey: boolean }) {
  const { startedAtMs, skipsToKey } = options
  const events = new Events<ReceivedEvents>()
  const position = createPlaybackPosition()
  const stillness = new Stillness()
  const freezes = new FreezeCounter(stillness)
  const playout = new Playout()
  const assemblers: Partial<Record<MediaKind, FrameAssembler>> = {}
  const ending = Promise.withResolvers<ViewerEnd>()
  ending.promise.catch(() => {})

  let connectionState: ConnectionState = 'new'
  let media: MediaInfo | undefined
  let sent: readonly SentTrack[] = []
  let clockRate = 90_000
  let paused = false
  let quality: string | undefined
  let firstFrameMs: number | undefined
  let framesReceived = 0
  let keyFramesReceived = 0
  let awaitsKey = false
  let mediaTimeS = 0
  let lead: { readonly timestamp: number; readonly atMs: number } | undefined
  let newest = 0
  const began = { ageS: 0, ...totals() }
  let notes = 0

  /** Time is told by the video, by the audio where there is none. */
  const timeKind = () => (sent.length > 0 && !sent.some(({ kind }) => kind === 'video') ? 'audio' : 'video')

  function totals(): Totals {
    const { video, audio } = peer.stats()
    const sum = (field: keyof Totals) => (video?.[field] ?? 0) + (audio?.[field] ?? 0)
    return {
      packetsReceived: sum('packetsReceived'),
      bytesReceived: sum('bytesReceived'),
      packetsLost: sum('packetsLost'),
      packetsRecovered: sum('packetsRecovered'),
    }
  }

  function onPacket(packet: ReceivedRtp): void {
    const { kind, codec } = packet
    assemblers[kind] ??= new FrameAssembler({
      kind,
      codec,
      maxWaitMs: kind === 'video' ? repairMs : audioRepairMs,
      skipsToKey,
    })
    for (const frame of assemblers[kind].push(packet)) onFrame(frame)
  }

  function onFrame(frame: ReceivedFrame): void {
    const nowMs = clock.now()
    firstFrameMs ??= nowMs - startedAtMs
    if (frame.kind === 'video') onVideo(frame)
    if (frame.kind === timeKind()) {
      lead ??= { timestamp: frame.timestamp, atMs: nowMs }
      newest = frame.timestamp
      mediaTimeS = position.mediaTimeS(frame.timestamp) ?? mediaTimeS
    }
    events.emit('frame', frame)
  }

  /** A decoder that has lost something shows nothing more until the next key frame, and that at once: it waits for nothing before it. */
  function onVideo({ isKey, isAfterLoss, isRecovered, timestamp, atMs, data }: ReceivedFrame): void {
    framesReceived++
    if (isKey) keyFramesReceived++
    awaitsKey = !isKey && (awaitsKey || isAfterLoss)
    if (awaitsKey) return
    const shownAtMs = playout.show({ timestamp, atMs, bytes: data.length, isRecovered })
    freezes.add(shownAtMs)
    stillness.shown(shownAtMs, timestamp)
  }

  function onNote(note: ServerNote): void {
    notes++
    stillness.note(note, clock.now())
    switch (note.type) {
      case 'media':
        media = note.media
        sent = note.sent
        clockRate = note.clockRate
        position.setClockRate(clockRate)
        break
      case 'epoch':
        position.add(note.epoch)
        paused = note.paused
        // A player fills its buffer anew where the viewer went elsewhere, and only there.
        if (note.epoch.cause === 'seek' || note.epoch.cause === 'play') lead = undefined
        break
      case 'quality':
        quality = note.name
        events.emit('quality', note.name)
        break
      case 'ended':
        ending.resolve({ reason: 'ended' })
        break
      case 'closed':
        ending.resolve({ reason: 'closed', detail: note.reason })
        break
      case 'error':
        ending.reject(fromErrorRecord({ ...note, code: isErrorCode(note.code) ? note.code : 'INTERNAL' }))
        break
    }
  }

  function onState(state: ConnectionState): void {
    connectionState = state
    if (state === 'failed') ending.reject(new McpxError('PEER_FAILED', 'the WebRTC connection to the server failed'))
    if (state === 'closed') ending.resolve({ reason: 'closed' })
  }

  peer.events.on('rtp', onPacket)
  peer.events.on('report', (report) => events.emit('report', report))
  peer.events.on('state', onState)
  peer.events.on('control', (text) => {
    const note = parseServerNote(text)
    if (note) onNote(note)
  })

  function snapshot(earlier: Pick<ViewerSnapshot, keyof Totals | 'ageS'> = began): ViewerSnapshot {
    const atMs = clock.now()
    const now = totals()
    const ageS = (atMs - startedAtMs) / 1000
    const elapsedS = Math.max(0.001, ageS - earlier.ageS)
    const lost = Math.max(0, now.packetsLost - earlier.packetsLost)
    const received = now.packetsReceived - earlier.packetsReceived - (now.packetsRecovered - earlier.packetsRecovered)
    const bitrateBps = ((now.bytesReceived - earlier.bytesReceived) * 8) / elapsedS
    const aheadS = lead
      ? rtpDistance(newest, lead.timestamp) / clockRate - (atMs - lead.atMs) / 1000 + playoutDelayS
      : 0
    const { roundTripTimeS } = peer.stats()
    return {
      ...now,
      ...freezes.at(atMs),
      framesReceived,
      keyFramesReceived,
      framesDropped: assemblers.video?.framesLost ?? 0,
      connectionState,
      mediaTimeS,
      paused,
      ageS,
      bitrateBps,
      lossRatio: lost + received > 0 ? lost / (lost + received) : 0,
      bufferS: Math.max(0, aheadS),
      ...(media ? { durationS: media.durationS } : {}),
      ...(quality === undefined ? {} : { quality }),
      ...(firstFrameMs === undefined ? {} : { firstFrameMs }),
      ...(roundTripTimeS === undefined ? {} : { roundTripTimeS }),
    }
  }

  /** What a page reports too, as far as it is known without decoding. */
  function report(): ViewerMessage {
    const { packetsReceived, packetsLost, bytesReceived } = totals()
    const { roundTripTimeS } = peer.stats()
    const video = { framesReceived, ...freezes.at(clock.now()) }
    return {
      type: 'report',
      report: {
        packetsReceived,
        packetsLost,
        bytesReceived,
        ...(timeKind() === 'video' && video),
        ...(firstFrameMs === undefined ? {} : { firstFrameMs }),
        ...(roundTripTimeS === undefined ? {} : { roundTripTimeMs: roundTripTimeS * 1000 }),
      },
    }
  }

  return {
    report,
    face: { events, done: ending.promise, snapshot },
    media: () => media,
    sent: () => sent,
    /** What the viewer asks for, as it does. */
    asked: (command: Command) => stillness.command(command, clock.now()),
    heard: () => totals().packetsReceived + notes,
    fail: (error: McpxError) => ending.reject(error),
  }
}
