// As much of an engine as a viewer needs, over a real sending peer: one stream, and a record of what was asked.
import type { Peer } from '../../src/lib/webrtc/peer.ts'
import type { PeerFactory } from '../../src/lib/webrtc/peer-factory.ts'
import { chooseVp8, packetOf } from './webrtc-pair.ts'

/** VP8: a descriptor, and a frame whose first bit says that it is a key frame. */
export const vp8KeyFrame = Uint8Array.from([0x10, 0x00, 1, 2, 3])

export interface PeerEngineOptions {
  /** Called when the control channel of the viewer is open. */
  readonly onOpen?: (peer: Peer) => void
  readonly failures?: { readonly open?: Error; readonly offer?: Error }
}

export function createPeerEngine(factory: PeerFactory, { onOpen = () => {}, failures = {} }: PeerEngineOptions = {}) {
  const asked: string[] = []
  let peer: Peer | undefined
  const engine = {
    sample: async () => 'bafysample',
    async open({ content, owner, signal: _, ...more }: { content: string; owner: string; signal?: AbortSignal }) {
      const rest = Object.keys(more).length > 0 ? ` ${JSON.stringify(more)}` : ''
      asked.push(`open ${content} for ${owner}${rest}`)
      if (failures.open) throw failures.open
      return { id: 'stream-7', content }
    },
    async acceptOffer(streamId: string, sdp: string) {
      asked.push(`offer to ${streamId}`)
      if (failures.offer) throw failures.offer
      const opened = await factory.createPeer()
      peer = opened
      opened.events.on('controlOpen', () => onOpen(opened))
      return { sdp: await opened.acceptOffer(sdp, chooseVp8) }
    },
    async close(streamId: string) {
      asked.push(`close ${streamId}`)
      await peer?.close()
    },
  }
  return { engine, asked, peer: () => peer }
}

/** So many key frames, a thirtieth of a second apart by their timestamps. */
export function sendFrames(peer: Peer, count: number): void {
  const outlet = peer.outlets.find(({ kind }) => kind === 'video')!
  for (let i = 0; i < count; i++) outlet.send(packetOf(i, vp8KeyFrame))
}
