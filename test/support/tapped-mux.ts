// A mux that shows what the peer on it sends and gets, each datagram before it goes on.
import type { UdpMux } from '../../src/lib/webrtc/ice/udp-mux.ts'

interface Taps {
  readonly sent: (datagram: Buffer) => void
  readonly received?: (datagram: Buffer) => void
}

export function tapped(mux: UdpMux, { sent, received = () => {} }: Taps): UdpMux {
  return {
    addresses: mux.addresses,
    stats: mux.stats,
    close: () => mux.close(),
    attach(credentials) {
      const attached = mux.attach(credentials)
      for (const endpoint of attached.endpoints) {
        const send = endpoint.send.bind(endpoint)
        let onData = endpoint.onData
        endpoint.send = (data, to) => {
          sent(data)
          return send(data, to)
        }
        Object.defineProperty(endpoint, 'onData', {
          get: () => (data: Buffer, from: readonly [string, number]) => {
            received(data)
            onData(data, from)
          },
          set: (listener: typeof onData) => {
            onData = listener
          },
        })
      }
      return attached
    },
  }
}
