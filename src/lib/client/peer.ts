// The WebRTC stack of the viewer, apart from the rest of the client because it is slow to load.
import type { Clock } from '../base/clock.ts'
import type { RtpCodec } from '../model/track.ts'
import { createReceivingPeer, type ReceivingPeer } from '../webrtc/receiving-peer.ts'
import { viewerCodecs } from '../webrtc/receiving-peer-types.ts'

export { createReceivingPeer }

interface PeerOptions {
  readonly clock: Clock
  /** What the offer is narrowed to, so that the server sends nothing else; all that a browser takes when absent. */
  readonly codecs?: readonly RtpCodec[] | undefined
}

export function createPeer({ clock, codecs }: PeerOptions): Promise<ReceivingPeer> {
  if (!codecs) return createReceivingPeer({ clock })
  const { video, audio } = viewerCodecs
  const wanted = ({ codec }: { readonly codec: RtpCodec }) => codecs.includes(codec)
  return createReceivingPeer({ clock, codecs: { video: video.filter(wanted), audio: audio.filter(wanted) } })
}
