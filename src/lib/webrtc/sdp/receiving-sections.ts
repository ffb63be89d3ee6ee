// The sections that a receiving peer says: its own offer, or an answer to each offered one. Pure.
import type { MediaKind } from '../../model/track.ts'
import type { CodecParameters } from '../peer.ts'
import { dataSection } from './local-sections.ts'
import { codecsOf, type SdpSection, transportSequenceUri } from './sdp.ts'
import { type LocalSection, numberCodecs } from './sdp-write.ts'

export interface ReceivingSide {
  /** What it can receive. */
  readonly codecs: Partial<Record<MediaKind, readonly CodecParameters[]>>
  readonly sctpPort: number
}

/** A section for each kind, and the data channel. */
export function receivingOffer({ codecs, sctpPort }: ReceivingSide): LocalSection[] {
  const kinds = (['video', 'audio'] as const).filter((kind) => (codecs[kind]?.length ?? 0) > 0)
  const media = kinds.map(
    (kind, i): LocalSection => ({
      kind,
      mid: `${i}`,
      protocol: 'UDP/TLS/RTP/SAVPF',
      direction: 'recvonly',
      codecs: numberCodecs(kind, codecs[kind]!),
      transportSequenceId: 3,
    }),
  )
  return [...media, dataSection(`${kinds.length}`, 'UDP/DTLS/SCTP', sctpPort)]
}

/** Takes what it can receive of a section on the one transport (`isUsable`), and refuses the rest. */
export function receivingAnswer(section: SdpSection, isUsable: boolean, side: ReceivingSide): LocalSection {
  if (!isUsable) return { kind: 'refused', section }
  if (section.kind === 'application') return dataSection(section.mid, section.protocol, side.sctpPort)
  const kind = section.kind as MediaKind
  const codecs = codecsOf(section).filter((offered) => side.codecs[kind]?.some(({ codec }) => codec === offered.codec))
  if (codecs.length === 0) return { kind: 'refused', section }
  const { mid, protocol, extensions } = section
  return {
    kind,
    mid,
    protocol,
    direction: 'recvonly',
    codecs,
    transportSequenceId: extensions.get(transportSequenceUri),
  }
}
