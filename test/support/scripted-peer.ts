// A viewer whose peer says what a test says, at the moments it says: packets, notes and states without a network between.

import { McpxError } from '../../src/lib/base/errors.ts'
import { Events } from '../../src/lib/base/events.ts'
import type { Door, Watching } from '../../src/lib/client/door.ts'
import { openViewer } from '../../src/lib/client/viewer.ts'
import type { ConnectionState } from '../../src/lib/model/stream.ts'
import type { MediaKind } from '../../src/lib/model/track.ts'
import type { ServerNote } from '../../src/lib/protocol/control.ts'
import type { ReceivingPeer } from '../../src/lib/webrtc/receiving-peer.ts'
import type { ViewerEvents, ViewerStats } from '../../src/lib/webrtc/receiving-peer-types.ts'
import { FakeClock } from './fake-clock.ts'

const noStats = { nacksSent: 0, pictureLossSent: 0, reportsSent: 0, feedbackSent: 0 }
const noTrack = { packetsReceived: 0, bytesReceived: 0, packetsLost: 0, packetsRecovered: 0, jitterS: 0 }

export const mediaNote = (kinds: readonly MediaKind[] = ['video'], durationS = 60): ServerNote => ({
  type: 'media',
  streamId: 's',
  media: { container: 'test', durationS, rungs: [], mode: 'fixed', rotation: 0, tracks: [] },
  sent: kinds.map((kind) => {
    const codec = kind === 'video' ? 'vp8' : 'opus'
    return { kind, codec, sourceCodec: codec, transcoded: false }
  }),
  clockRate: kinds.includes('video') ? 90_000 : 48_000,
})

/** `failOffer` is what the server says to the offer. */
export async function openScripted(options: { failOffer?: McpxError; refuseAnswer?: McpxError } = {}) {
  const clock = new FakeClock()
  const events = new Events<ViewerEvents>()
  const closed: string[] = []
  const said: unknown[] = []
  let stats: ViewerStats = noStats
  let sequence = 0
  let watching: Watching | undefined
  const peer = {
    events,
    offer: async () => 'an offer',
    async acceptAnswer() {
      if (options.refuseAnswer) throw options.refuseAnswer
    },
    stats: () => stats,
    sendControl: (text: string) => said.push(JSON.parse(text)) > 0,
    close: async () => void closed.push('peer'),
  }
  const door: Door = {
    async open() {
      if (options.failOffer) throw options.failOffer
      return { answer: 'an answer', close: async () => void closed.push('session') }
    },
    watch(given) {
      watching = given
      return () => void closed.push('watch')
    },
  }
  const createPeer = async () => peer as unknown as ReceivingPeer
  const opening = openViewer({ content: 'bafy' }, { door, clock, createPeer })

  function count(kind: MediaKind, change: Partial<typeof noTrack>): void {
    stats = { ...stats, [kind]: { ...noTrack, ...stats[kind], ...change } }
  }
  return {
    opening,
    clock,
    closed,
    said,
    count,
    heard: () => watching!.heard(),
    serverIsGone: () => watching!.onGone(new McpxError('SERVER_UNREACHABLE', 'gone')),
    roundTrip: (roundTripTimeS: number) => {
      stats = { ...stats, roundTripTimeS }
    },
    note: (note: ServerNote) => events.emit('control', JSON.stringify(note)),
    text: (text: string) => events.emit('control', text),
    state: (state: ConnectionState) => events.emit('state', state, 'connected'),
    report: (rtpTimestamp: number, kind: MediaKind = 'video') =>
      events.emit('report', { kind, wallMs: clock.wallMs(), rtpTimestamp }),
    /** A frame of one packet, `lost` packets after the one before. */
    frame(timestamp: number, { isKey = false, kind = 'video' as MediaKind, lost = 0 } = {}): void {
      sequence = (sequence + 1 + lost) & 0xffff
      const isVideo = kind === 'video'
      const payload = Buffer.from(isVideo ? [0x10, isKey ? 0 : 1, 2, 3, 4] : [0xfc, 1, 2])
      const codec = isVideo ? 'vp8' : 'opus'
      const packet = { payload, sequence, timestamp: timestamp >>> 0, marker: true, payloadType: 96 }
      events.emit('rtp', { kind, codec, ...packet, isRecovered: false, atMs: clock.now() })
    },
  }
}
