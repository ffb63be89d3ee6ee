// What can be used of a description: one transport, its sections and candidates, and which codec was meant.
import { McpxError } from '../../base/errors.ts'
import type { CodecParameters } from '../peer.ts'
import {
  type NegotiatedCodec,
  type RemoteCandidate,
  type SdpDescription,
  type SdpSection,
  transportSequenceUri,
} from './sdp.ts'

/** The sections on the one transport that can be had, and its parameters. Throws INVALID_SDP. */
export function usableTransport(description: SdpDescription): {
  ice: NonNullable<SdpSection['ice']>
  fingerprints: SdpSection['fingerprints']
  setup: string | undefined
  sections: SdpSection[]
} {
  const { bundle } = description
  const open = description.sections.filter((section) => section.isOpen && isKnown(section))
  const [first] = open
  if (!first) throw new McpxError('INVALID_SDP', 'the SDP has no audio, video or application section that is on')
  // Without BUNDLE each section is a transport of its own: take the first and refuse the others.
  const inGroup = (section: SdpSection) => section.mid !== undefined && bundle!.includes(section.mid)
  const group = bundle && inGroup(first) ? open.filter(inGroup) : [first]
  const source = group.find((section) => section.ice && section.fingerprints.length > 0)
  if (!source?.ice) throw new McpxError('INVALID_SDP', 'the SDP has no ice-ufrag, ice-pwd and fingerprint')
  return { ice: source.ice, fingerprints: source.fingerprints, setup: source.setup, sections: group }
}

/** Bundled sections often repeat the candidates of the first. */
export function uniqueCandidates(sections: readonly SdpSection[]): RemoteCandidate[] {
  const all = sections.flatMap((section) => section.candidates)
  return [...new Map(all.map((candidate) => [`${candidate.address} ${candidate.port}`, candidate])).values()]
}

const isKnown = (section: SdpSection): boolean =>
  section.kind === 'application'
    ? section.protocol.includes('SCTP')
    : (section.kind === 'audio' || section.kind === 'video') && section.protocol.includes('SAVP')

/** The section of the data channel. */
export const dataSectionOf = (sections: readonly SdpSection[]): SdpSection | undefined =>
  sections.find((section) => section.kind === 'application' && section.sctpPort !== undefined)

/** The id of the transport-wide sequence extension, when this codec reports on it. */
export const transportSequenceIdOf = (section: SdpSection, codec: NegotiatedCodec): number | undefined =>
  codec.feedback.includes('transport-cc') ? section.extensions.get(transportSequenceUri) : undefined

/** Whether what was chosen is this codec of the other side. */
export function isSameCodec(offered: NegotiatedCodec, wanted: CodecParameters): boolean {
  if (offered === wanted) return true
  const { payloadType } = wanted as Partial<NegotiatedCodec>
  if (payloadType !== undefined) return offered.payloadType === payloadType
  const names = new Set([...Object.keys(offered.parameters), ...Object.keys(wanted.parameters)])
  return offered.codec === wanted.codec && [...names].every((n) => offered.parameters[n] === wanted.parameters[n])
}
