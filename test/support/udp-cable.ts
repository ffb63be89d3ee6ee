// A cable between two UDP ports on loopback that can be cut, as when a phone loses its network, or is long and loses packets.
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

export interface CableConditions {
  /** Each way. */
  readonly delayMs?: number
  /** Of each RTP stream to the viewer every so many packets one is lost: a share that is known to the packet. */
  readonly dropEvery?: number
}

export interface UdpCable {
  /** The SDP of one end, as the other end shall see it: with the address of the cable in the candidates. */
  toViewer(serverSdp: string): string
  toServer(viewerSdp: string): string
  /** From now on; what was measured before is forgotten. */
  shape(conditions: CableConditions): void
  /** There and back, of the packets since `shape`: a timer that is late on a busy machine delays too. */
  roundTripMs(): number
  cut(): void
  mend(): void
  /** The viewer's packets come to the server from another port, and only those sent there go back: a NAT that maps anew. */
  remap(): Promise<void>
  /** Where the server is, and where it sees the viewer. */
  ports(): { readonly server: number; readonly mapping: number }
  /** The next request of STUN that the viewer sends. */
  nextCheck(): Promise<Buffer>
  close(): void
}

/** RFC 7983 and 5761: RTP begins with 128 to 191, and the types of RTCP are its alone. */
const isRtp = (data: Buffer) => {
  const [first = 0, second = 0] = data
  return first >= 128 && first <= 191 && !(second >= 192 && second <= 223)
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

const candidatePort = /( 127\.0\.0\.1 )(\d+)( typ host)/

export async function layCable(): Promise<UdpCable> {
  const atViewer = createSocket('udp4')
  let atServer = createSocket('udp4')
  const checkListeners = new Set<(check: Buffer) => void>()
  let isCut = false
  let conditions: CableConditions = {}
  const passed = new Map<number, number>()
  const waiting = new Set<NodeJS.Timeout>()
  const delaysMs: Record<'viewer' | 'server', number[]> = { viewer: [], server: [] }
  const ports = { viewer: 0, server: 0, isViewerKnown: false }
  const bind = async (socket: Socket) => {
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
  }
  await Promise.all([bind(atViewer), bind(atServer)])
  /** Timers of the same length run in the order of their start: what goes in first comes out first. */
  const later = (end: 'viewer' | 'server', send: () => void) => {
    if (!conditions.delayMs) return send()
    const inAtMs = performance.now()
    const timer = setTimeout(() => {
      waiting.delete(timer)
      delaysMs[end].push(performance.now() - inAtMs)
      send()
    }, conditions.delayMs)
    waiting.add(timer)
  }
  const isLost = (data: Buffer): boolean => {
    if (!conditions.dropEvery || !isRtp(data)) return false
    const ssrc = data.readUInt32BE(8)
    const count = (passed.get(ssrc) ?? 0) + 1
    passed.set(ssrc, count)
    return count % conditions.dropEvery === 0
  }
  atViewer.on('message', (data, { port }) => {
    // A browser hides its address in its candidates: it is where its packets come from.
    if (!ports.isViewerKnown) ports.viewer = port
    if (data[0] === 0 && data[1] === 1) {
      for (const tell of checkListeners) tell(data)
      checkListeners.clear()
    }
    if (!isCut && ports.server) later('server', () => atServer.send(data, ports.server, '127.0.0.1'))
  })
  const toViewer = (data: Buffer) => {
    if (!isCut && ports.viewer && !isLost(data)) later('viewer', () => atViewer.send(data, ports.viewer, '127.0.0.1'))
  }
  atServer.on('message', toViewer)
  const through = (sdp: string, end: 'viewer' | 'server', socket: Socket): string => {
    ports[end] = Number(candidatePort.exec(sdp)![2])
    if (end === 'viewer') ports.isViewerKnown = true
    return sdp.replaceAll(new RegExp(candidatePort, 'g'), `$1${socket.address().port}$3`)
  }
  return {
    toViewer: (sdp) => through(sdp, 'server', atViewer),
    toServer: (sdp) => through(sdp, 'viewer', atServer),
    shape(next) {
      conditions = next
      delaysMs.viewer.length = 0
      delaysMs.server.length = 0
    },
    roundTripMs: () => mean(delaysMs.viewer) + mean(delaysMs.server),
    cut: () => {
      isCut = true
    },
    mend: () => {
      isCut = false
    },
    async remap() {
      const next = createSocket('udp4')
      await bind(next)
      atServer.close()
      atServer = next
      atServer.on('message', toViewer)
    },
    ports: () => ({ server: ports.server, mapping: atServer.address().port }),
    nextCheck: () => new Promise((resolve) => checkListeners.add(resolve)),
    close() {
      for (const timer of waiting) clearTimeout(timer)
      atViewer.close()
      atServer.close()
    },
  }
}
