// A small real WHEP server: HTTP and the real sending peer, with frames that a test makes. For tests of the viewer's side.
import type { ServerResponse } from 'node:http'
import { every, systemClock } from '../../src/lib/base/clock.ts'
import { silentLogger } from '../../src/lib/base/logger.ts'
import type { Peer, RtpOutlet } from '../../src/lib/webrtc/peer.ts'
import { createPeerFactory } from '../../src/lib/webrtc/peer-factory.ts'
import { answerJson, startHttpServer } from './answering-server.ts'

const frameRate = 30

export interface WhepServerOptions {
  /** Frames until the server says that the content has ended. */
  readonly frames: number
  /** Told in place of its own address. */
  readonly announceAddresses?: readonly string[]
  /** Greets with the quality, and answers a command with it, as a real server does. */
  readonly answersCommands?: boolean
  /** What becomes of the frames: none is sent; no key frame ever; the key frames are lost on the way; nothing after a second. */
  readonly media?: 'none' | 'no-key' | 'keys-lost' | 'stops'
  readonly changeOffer?: (sdp: string) => string
  readonly changeAnswer?: (sdp: string) => string
  /** What it says to have heard of every viewer, and sent to it. */
  readonly counts?: { readonly packetsReceived?: number; readonly video?: { readonly packetsSent: number } }
  /** Answered to a POST in place of an SDP answer. */
  readonly refuse?: { readonly status: number; readonly body: unknown }
}

/** A VP8 payload: descriptor (S=1) and a frame whose first bit says key or not; the decoder never sees it. */
function payload(isKey: boolean, index: number): Uint8Array {
  const data = new Uint8Array(400).fill(index & 0xff)
  data[0] = 0x10
  data[1] = isKey ? 0x00 : 0x01
  return data
}

export async function startWhepServer(options: WhepServerOptions) {
  const { announceAddresses = [] } = options
  const settings = { iceServers: [], announceAddresses, bindAddresses: ['127.0.0.1'] }
  const factory = await createPeerFactory(settings, { clock: systemClock, logger: silentLogger })
  /** What closes each session, by its address. */
  const open = new Map<string, () => Promise<void>>()
  let sessions = 0

  async function answer(offer: string, response: ServerResponse): Promise<void> {
    const peer = await factory.createPeer()
    const session = `/session/${++sessions}`
    let timer: { cancel(): void } | undefined
    const close = async () => {
      timer?.cancel()
      open.delete(session)
      await peer.close()
    }
    open.set(session, close)
    peer.events.on('controlOpen', () => {
      const media = {
        container: 'test',
        durationS: options.frames / frameRate,
        rungs: [],
        mode: 'fixed',
        rotation: 0,
        tracks: [],
      }
      const sent = [{ kind: 'video', codec: 'vp8', sourceCodec: 'vp8', transcoded: false }]
      peer.sendControl(JSON.stringify({ type: 'media', streamId: 's1', media, sent, clockRate: 90_000 }))
      peer.sendControl(
        JSON.stringify({
          type: 'epoch',
          epoch: { rtpTimestamp: 5000, mediaTimeS: 0, rate: 1, cause: 'start' },
          paused: false,
        }),
      )
      if (options.answersCommands) tellQuality(peer)
      timer = sendFrames(peer.outlets[0]!, options, () => {
        peer.sendControl(JSON.stringify({ type: 'ended' }))
      })
    })
    if (options.answersCommands) peer.events.on('control', (text) => text.includes('"quality"') && tellQuality(peer))
    const { changeOffer = same, changeAnswer = same } = options
    const sdp = await peer.acceptOffer(changeOffer(offer), async ({ video }) => ({
      video: video.find((c) => c.codec === 'vp8')!,
    }))
    response.writeHead(201, { 'content-type': 'application/sdp', location: session, etag: `"s${sessions}-0"` })
    response.end(changeAnswer(sdp))
  }

  const http = await startHttpServer(({ method, url, body }, response) => {
    if (method === 'POST' && url.startsWith('/api/v0/ipfs/add'))
      answerJson(response, 200, { success: true, cid: 'bafyadded' })
    else if (method === 'POST' && options.refuse) answerJson(response, options.refuse.status, options.refuse.body)
    else if (method === 'POST') void answer(body, response)
    else if (method === 'DELETE')
      void (open.get(url)?.() ?? Promise.resolve()).then(() => response.writeHead(200).end())
    else answerJson(response, 200, { success: true, connection: { stats: options.counts ?? null } })
  })

  return {
    ...http,
    openPeers: () => factory.openPeers,
    async stop() {
      await Promise.all([...open.values()].map((close) => close()))
      await factory.close()
      await http.stop()
    },
  }
}

const same = (sdp: string) => sdp

function tellQuality(peer: Peer): void {
  peer.sendControl(JSON.stringify({ type: 'quality', quality: 'auto', rung: 0, name: 'high' }))
}

function sendFrames(outlet: RtpOutlet, { frames: count, media }: WhepServerOptions, atEnd: () => void) {
  let index = 0
  const timer = every(systemClock, 1000 / frameRate, () => {
    if (index >= count) {
      timer.cancel()
      return atEnd()
    }
    const isKey = index % frameRate === 0
    if (media === 'none' || (media === 'stops' && index >= frameRate)) return
    if (media === 'keys-lost' && isKey) return void index++
    const packet = {
      payload: payload(isKey && media !== 'no-key', index),
      sequence: (65_530 + index) & 0xffff,
      timestamp: 5000 + index * (90_000 / frameRate),
      marker: true,
      pictureIdOffset: -1,
      pictureId: 0,
    }
    if (outlet.send(packet)) index++
  })
  return timer
}
