// Which section of a viewer's description carries what: asked once, and the same ever after.
import { McpxError } from '../base/errors.ts'
import type { MediaKind } from '../model/track.ts'
import type { ChosenCodecs, ViewerCodecs } from './peer.ts'
import type { Outlet } from './rtp/rtp-outlet.ts'
import type { Settled } from './sdp/local-sections.ts'
import { isSameCodec } from './sdp/negotiate.ts'
import { codecsOf, type SdpSection } from './sdp/sdp.ts'

/** Asks what to send of what the first section of each kind can receive. Throws what `choose` throws. */
export async function settle(
  sections: readonly SdpSection[],
  choose: (viewer: ViewerCodecs) => Promise<ChosenCodecs>,
): Promise<Settled[]> {
  const first = (kind: MediaKind) =>
    sections.find((s) => s.kind === kind && (s.direction === 'recvonly' || s.direction === 'sendrecv'))
  const found = { video: first('video'), audio: first('audio') }
  const viewer = {
    video: found.video ? codecsOf(found.video) : [],
    audio: found.audio ? codecsOf(found.audio) : [],
  }
  const chosen = await choose(viewer)
  return (['video', 'audio'] as const).flatMap((kind) => {
    const wanted = chosen[kind]
    const section = found[kind]
    if (!wanted) return []
    const codec = viewer[kind].find((offered) => isSameCodec(offered, wanted))
    if (!section || !codec)
      throw new McpxError('INTERNAL', `${wanted.codec} was chosen, which the viewer did not offer`)
    return [{ section, codec }]
  })
}

/** The sections of a later offer that carry what is being sent already. Throws INVALID_SDP where there is none. */
export function settleAgain(
  sections: readonly SdpSection[],
  outlets: readonly Pick<Outlet, 'kind' | 'codec' | 'payloadType'>[],
): Settled[] {
  return outlets.map((outlet) => {
    for (const section of sections) {
      if (section.kind !== outlet.kind) continue
      const codec = codecsOf(section).find((offered) => offered.payloadType === outlet.payloadType)
      if (codec?.codec === outlet.codec.codec) return { section, codec }
    }
    throw new McpxError('INVALID_SDP', `the new offer has no ${outlet.kind} section for ${outlet.codec.codec}`)
  })
}
