// A cable between two UDP ports on loopback that can be cut, as when a phone loses its network.
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

export interface UdpCable {
  /** The SDP of one end, as the other end shall see it: with the address of the cable in the candidates. */
  toViewer(serverSdp: string): string
  toServer(viewerSdp: string): string
  cut(): void
  mend(): void
  close(): void
}

const candidatePort = /( 127\.0\.0\.1 )(\d+)( typ host)/

export async function layCable(): Promise<UdpCable> {
  const [atViewer, atServer] = [createSocket('udp4'), createSocket('udp4')]
  let isCut = false
  let ports = { viewer: 0, server: 0 }
  const bind = async (socket: Socket) => {
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
  }
  await Promise.all([bind(atViewer), bind(atServer)])
  atViewer.on('message', (data) => {
    if (!isCut && ports.server) atServer.send(data, ports.server, '127.0.0.1')
  })
  atServer.on('message', (data) => {
    if (!isCut && ports.viewer) atViewer.send(data, ports.viewer, '127.0.0.1')
  })
  const through = (sdp: string, end: 'viewer' | 'server', socket: Socket): string => {
    ports = { ...ports, [end]: Number(candidatePort.exec(sdp)![2]) }
    return sdp.replaceAll(new RegExp(candidatePort, 'g'), `$1${socket.address().port}$3`)
  }
  return {
    toViewer: (sdp) => through(sdp, 'server', atViewer),
    toServer: (sdp) => through(sdp, 'viewer', atServer),
    cut: () => {
      isCut = true
    },
    mend: () => {
      isCut = false
    },
    close() {
      atViewer.close()
      atServer.close()
    },
  }
}
