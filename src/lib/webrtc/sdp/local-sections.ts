// The sections that a sending peer says: an answer to each offered one, or its own offer. Pure.
import type { MediaKind } from '../../model/track.ts'
import { maxControlLength } from '../../protocol/control.ts'
import type { CodecParameters } from '../peer.ts'
import { transportSequenceIdOf } from './negotiate.ts'
import { codecsOf, type NegotiatedCodec, type SdpSection } from './sdp.ts'
import { knownFeedback, type LocalSection, numberCodecs } from './sdp-write.ts'

/** What was settled for one kind. */
export interface Settled {
  readonly section: SdpSection
  readonly codec: NegotiatedCodec
}

/** What a peer is known by, the same in every description of it. */
export interface Sender {
  readonly cname: string
  readonly sctpPort: number
  source(kind: MediaKind): { readonly ssrc: number; readonly rtxSsrc: number }
}

interface AnswerParts {
  readonly settled: readonly Settled[]
  /** The section of the data channel. */
  readonly data: SdpSection | undefined
  /** Those on the one transport, the bundle's. */
  readonly usable: readonly SdpSection[]
}

/** The answer to one section of an offer. */
export function answerSection(
  section: SdpSection,
  { settled, data, usable }: AnswerParts,
  sender: Sender,
): LocalSection {
  const { mid, protocol } = section
  if (section === data) return dataSection(mid, protocol, sender.sctpPort)
  const kind = section.kind as MediaKind
  const found = settled.find((entry) => entry.section === section)
  if (!found) return section === usable[0] && usable.length > 1 ? idleSection(section) : { kind: 'refused', section }
  const { ssrc, rtxSsrc } = sender.source(kind)
  const hasRtx = found.codec.rtxPayloadType !== undefined
  return {
    kind,
    mid,
    protocol,
    direction: 'sendonly',
    codecs: [{ ...found.codec, feedback: knownFeedback(found.codec.feedback) }],
    transportSequenceId: transportSequenceIdOf(section, found.codec),
    source: { ssrc, rtxSsrc: hasRtx ? rtxSsrc : undefined, cname: sender.cname },
  }
}

/**
 * The first section stays, inactive, though nothing is sent on it: the bundle's transport hangs on it, and Chromium with
 * bundlePolicy max-bundle fails on an answer that refuses it (audio only, where video was offered first).
 */
function idleSection(section: SdpSection): LocalSection {
  const [codec] = codecsOf(section)
  if (!codec) return { kind: 'refused', section }
  const { mid, protocol } = section
  const codecs = [{ ...codec, feedback: [] }]
  return {
    kind: section.kind as MediaKind,
    mid,
    protocol,
    direction: 'inactive',
    codecs,
    transportSequenceId: undefined,
  }
}

/** The sections of an offer: what is sent, and the data channel. */
export function offerSections(
  codecs: { video?: readonly CodecParameters[]; audio?: readonly CodecParameters[] },
  sender: Sender,
): LocalSection[] {
  const kinds = (['video', 'audio'] as const).filter((kind) => (codecs[kind]?.length ?? 0) > 0)
  const media = kinds.map((kind, i): LocalSection => {
    const { ssrc, rtxSsrc } = sender.source(kind)
    return {
      kind,
      mid: `${i}`,
      protocol: 'UDP/TLS/RTP/SAVPF',
      direction: 'sendonly',
      codecs: numberCodecs(kind, codecs[kind]!),
      transportSequenceId: 3,
      source: { ssrc, rtxSsrc: kind === 'video' ? rtxSsrc : undefined, cname: sender.cname },
    }
  })
  return [...media, dataSection(`${kinds.length}`, 'UDP/DTLS/SCTP', sender.sctpPort)]
}

/** The section of the data channel, of either side. */
export const dataSection = (mid: string | undefined, protocol: string, sctpPort: number): LocalSection => ({
  kind: 'application',
  mid,
  protocol,
  sctpPort,
  maxMessageSize: maxControlLength * 4,
})
