// The other end of receivers.ts: viewers that complete ICE and DTLS and count what arrives.
import { createSocket } from 'node:dgram'
import { systemClock } from '../../src/lib/base/clock.ts'
import { silentLogger } from '../../src/lib/base/logger.ts'
import { createRpc, type RpcPort } from '../../src/lib/base/rpc.ts'
import { createReceivingPeer, type ReceivingPeer } from '../../src/lib/webrtc/receiving-peer.ts'
import type { ReceiverMethods } from './receivers.ts'

/** Counts of one RTP stream; gaps are losses, whatever comes late fills its gap. */
interface Line {
  first: number
  highest: number
  received: number
}

interface Receiver {
  readonly peer: ReceivingPeer
  readonly lines: Map<number, Line>
  /** What its connection failed of. */
  cause?: unknown
}

const viewers = new Map<number, Receiver>()
const gone = { received: 0, lost: 0 }
let bytes = 0
let nextId = 1

function count(lines: Map<number, Line>, ssrc: number, sequence: number): void {
  const line = lines.get(ssrc)
  if (!line) {
    lines.set(ssrc, { first: sequence, highest: sequence, received: 1 })
    return
  }
  const ahead = ((sequence - line.highest + 0x8000) & 0xffff) - 0x8000
  if (ahead > 0) line.highest += ahead
  line.received++
}

function totals(lines: Map<number, Line>): { received: number; lost: number } {
  let received = 0
  let lost = 0
  for (const line of lines.values()) {
    received += line.received
    lost += Math.max(0, line.highest - line.first + 1 - line.received)
  }
  return { received, lost }
}

const port: RpcPort = {
  postMessage: (message) => void process.send?.(message),
  on: (_event, listener) => process.on('message', listener),
}
process.on('disconnect', () => process.exit(0))

createRpc<ReceiverMethods, Record<string, never>, Record<string, never>, Record<string, never>>(
  port,
  {
    async offer({ whole }) {
      const lines = new Map<number, Line>()
      const id = nextId++
      const note = (fields: { readonly err?: unknown }) => {
        const viewer = viewers.get(id)
        if (viewer && fields.err) viewer.cause = fields.err
      }
      const peer = await createReceivingPeer({
        clock: systemClock,
        logger: { ...silentLogger, debug: note },
        bindAddresses: ['127.0.0.1'],
        drop: (packet) => {
          count(lines, packet.ssrc, packet.sequence)
          return !whole
        },
      })
      viewers.set(id, { peer, lines })
      return { id, sdp: await peer.offer() }
    },
    async answer({ id, sdp }) {
      const viewer = viewers.get(id)!
      const { peer } = viewer
      const connected = new Promise<void>((done, fail) => {
        peer.events.on('state', (state) => {
          if (state === 'connected') done()
          if (state === 'failed' || state === 'closed') fail(new Error(`viewer ${id} is ${state}: ${viewer.cause}`))
        })
      })
      await peer.acceptAnswer(sdp)
      await connected
      return undefined
    },
    counts() {
      const all = { ...gone, bytes }
      for (const { lines } of viewers.values()) {
        const { received, lost } = totals(lines)
        all.received += received
        all.lost += lost
      }
      return all
    },
    async close({ id }) {
      const viewer = viewers.get(id)
      viewers.delete(id)
      if (!viewer) return undefined
      const { received, lost } = totals(viewer.lines)
      gone.received += received
      gone.lost += lost
      await viewer.peer.close()
      return undefined
    },
    async sinks({ count: wanted }) {
      const ports: number[] = []
      for (let i = 0; i < wanted; i++) {
        const socket = createSocket('udp4')
        socket.on('message', (data) => {
          bytes += data.length
        })
        await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done))
        ports.push(socket.address().port)
      }
      return { ports }
    },
  },
  () => {},
)
