// The SDP that we say: one bundled transport, the codecs that were settled, everything else refused (RFC 8829, RFC 3264).
import { codecs } from '../../codec/index.ts'
import type { MediaKind } from '../../model/track.ts'
import type { CodecParameters } from '../peer.ts'
import type { Direction, NegotiatedCodec, SdpSection } from './sdp.ts'
import { transportSequenceUri } from './sdp.ts'

/** What stands in every section that is on. */
interface LocalTransport {
  readonly ufrag: string
  readonly password: string
  readonly fingerprint: string
  readonly setup: 'actpass' | 'active' | 'passive'
  /** `candidate:…` texts, all of them when `isComplete`. */
  readonly candidates: readonly string[]
  readonly isComplete: boolean
}

export type LocalSection =
  | {
      readonly kind: MediaKind
      readonly mid: string | undefined
      readonly protocol: string
      readonly direction: Direction
      readonly codecs: readonly NegotiatedCodec[]
      readonly transportSequenceId: number | undefined
      /** Present when we send. */
      readonly source?: { readonly ssrc: number; readonly rtxSsrc: number | undefined; readonly cname: string }
    }
  | {
      readonly kind: 'application'
      readonly mid: string | undefined
      readonly protocol: string
      readonly sctpPort: number
      readonly maxMessageSize: number
    }
  | { readonly kind: 'refused'; readonly section: SdpSection }

/** `sessionId` stays, `version` grows with each description of one connection. */
export function writeSdp(
  session: { sessionId: number; version: number },
  transport: LocalTransport,
  sections: readonly LocalSection[],
): string {
  const mids = sections.flatMap((section) => (section.kind === 'refused' || !section.mid ? [] : [section.mid]))
  const lines = [
    'v=0',
    `o=- ${session.sessionId} ${session.version} IN IP4 0.0.0.0`,
    's=-',
    't=0 0',
    ...(mids.length > 0 ? [`a=group:BUNDLE ${mids.join(' ')}`] : []),
    'a=msid-semantic:WMS *',
  ]
  let isFirst = true
  for (const section of sections) {
    lines.push(...writeSection(section, transport, isFirst))
    if (section.kind !== 'refused') isFirst = false
  }
  return `${lines.join('\r\n')}\r\n`
}

function writeSection(section: LocalSection, transport: LocalTransport, hasCandidates: boolean): string[] {
  if (section.kind === 'refused') return writeRefused(section.section)
  const formats =
    section.kind === 'application'
      ? ['webrtc-datachannel']
      : section.codecs.flatMap((codec) => [codec.payloadType, ...(codec.rtxPayloadType ? [codec.rtxPayloadType] : [])])
  return [
    `m=${section.kind} 9 ${section.protocol} ${formats.join(' ')}`,
    'c=IN IP4 0.0.0.0',
    ...(section.mid === undefined ? [] : [`a=mid:${section.mid}`]),
    `a=ice-ufrag:${transport.ufrag}`,
    `a=ice-pwd:${transport.password}`,
    'a=ice-options:trickle',
    `a=fingerprint:${transport.fingerprint}`,
    `a=setup:${transport.setup}`,
    ...(section.kind === 'application'
      ? [`a=sctp-port:${section.sctpPort}`, `a=max-message-size:${section.maxMessageSize}`]
      : writeMedia(section)),
    ...(hasCandidates ? transport.candidates.map((candidate) => `a=${candidate}`) : []),
    ...(hasCandidates && transport.isComplete ? ['a=end-of-candidates'] : []),
  ]
}

function writeRefused(section: SdpSection): string[] {
  return [
    `m=${section.kind} 0 ${section.protocol} ${section.tokens.join(' ')}`,
    'c=IN IP4 0.0.0.0',
    ...(section.mid === undefined ? [] : [`a=mid:${section.mid}`]),
    'a=inactive',
  ]
}

function writeMedia(section: Extract<LocalSection, { kind: MediaKind }>): string[] {
  const { source } = section
  const stream = source ? [`a=msid:${source.cname} ${source.cname}-${section.kind}`] : []
  const ssrcs = source ? [source.ssrc, ...(source.rtxSsrc === undefined ? [] : [source.rtxSsrc])] : []
  return [
    `a=${section.direction}`,
    'a=rtcp-mux',
    'a=rtcp-rsize',
    ...(section.transportSequenceId === undefined
      ? []
      : [`a=extmap:${section.transportSequenceId} ${transportSequenceUri}`]),
    ...section.codecs.flatMap(writeCodec),
    ...stream,
    ...(ssrcs.length === 2 ? [`a=ssrc-group:FID ${ssrcs.join(' ')}`] : []),
    ...ssrcs.map((ssrc) => `a=ssrc:${ssrc} cname:${source!.cname}`),
  ]
}

function writeCodec(codec: NegotiatedCodec): string[] {
  const pt = codec.payloadType
  const { kind, rtpName, clockRate } = codecs[codec.codec]
  const parameters = Object.entries(codec.parameters).map(([name, value]) => (value === '' ? name : `${name}=${value}`))
  return [
    `a=rtpmap:${pt} ${rtpName}/${clockRate}${kind === 'audio' ? `/${codec.channels ?? 2}` : ''}`,
    ...codec.feedback.map((feedback) => `a=rtcp-fb:${pt} ${feedback}`),
    ...(parameters.length > 0 ? [`a=fmtp:${pt} ${parameters.join(';')}`] : []),
    ...(codec.rtxPayloadType === undefined
      ? []
      : [`a=rtpmap:${codec.rtxPayloadType} rtx/90000`, `a=fmtp:${codec.rtxPayloadType} apt=${pt}`]),
  ]
}

const videoFeedback = ['transport-cc', 'nack', 'nack pli', 'ccm fir']

/** The feedback that we understand, in the order of the other side. */
export const knownFeedback = (feedback: readonly string[]): string[] =>
  feedback.filter((entry) => videoFeedback.includes(entry))

/** Numbers codecs for an offer of ours: video from 96 in pairs with RTX, audio from 111. */
export function numberCodecs(kind: MediaKind, codecs: readonly CodecParameters[]): NegotiatedCodec[] {
  return codecs
    .slice(0, 7)
    .map((codec, i) =>
      kind === 'video'
        ? { ...codec, payloadType: 96 + 2 * i, rtxPayloadType: 97 + 2 * i, feedback: videoFeedback }
        : { ...codec, payloadType: 111 + i, channels: codec.channels ?? 2, feedback: ['transport-cc'] },
    )
}

/** `candidate:…` (RFC 8839 5.1) of a UDP candidate, under `host` in place of its own address. */
export function writeCandidate(
  candidate: {
    foundation: string
    priority: number
    port: number
    type: string
    relatedAddress?: string | undefined
    relatedPort?: number | undefined
  },
  host: string,
): string {
  const { foundation, priority, port, type, relatedAddress, relatedPort } = candidate
  const related = relatedAddress === undefined ? '' : ` raddr ${relatedAddress} rport ${relatedPort ?? 0}`
  return `candidate:${foundation} 1 udp ${priority} ${host} ${port} typ ${type}${related}`
}
