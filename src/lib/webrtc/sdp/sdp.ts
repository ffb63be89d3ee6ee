// SDP of the other side (RFC 8866, RFC 8829) as values. It is hostile: bounded in size and number, every line checked.
import { isIP } from 'node:net'
import { McpxError } from '../../base/errors.ts'
import { codecOf } from '../../codec/index.ts'
import type { CodecParameters } from '../peer.ts'

export const maxSdpLength = 65_536
export const maxCandidates = 64
const maxSections = 32

export const transportSequenceUri = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01'

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive'

/** One payload type of a section; the name in lower case. */
interface SdpFormat {
  readonly payloadType: number
  readonly name: string
  readonly clockRate: number
  readonly channels?: number
  readonly parameters: Readonly<Record<string, string>>
  readonly feedback: readonly string[]
}

/** A codec that can be sent, with the numbers it has on this connection. */
export interface NegotiatedCodec extends CodecParameters {
  readonly payloadType: number
  readonly rtxPayloadType?: number
  readonly feedback: readonly string[]
}

export interface SdpSection {
  readonly kind: string
  readonly protocol: string
  /** Format tokens of the m line. */
  readonly tokens: readonly string[]
  /** True when the section is on: a port, or bundle-only. */
  readonly isOpen: boolean
  readonly mid: string | undefined
  readonly direction: Direction
  readonly formats: readonly SdpFormat[]
  /** Header extension URI → id. */
  readonly extensions: ReadonlyMap<string, number>
  readonly sctpPort: number | undefined
  readonly ice: IceParameters | undefined
  readonly fingerprints: readonly Fingerprint[]
  readonly setup: string | undefined
  /** Those that can be used. */
  readonly candidates: readonly RemoteCandidate[]
  /** SSRCs in the order they appear. */
  readonly ssrcs: readonly number[]
}

export interface IceParameters {
  readonly ufrag: string
  readonly password: string
}

export interface Fingerprint {
  readonly algorithm: string
  readonly value: string
}

export interface SdpDescription {
  readonly isIceLite: boolean
  /** Mids of the first BUNDLE group; undefined when there is none. */
  readonly bundle: readonly string[] | undefined
  readonly sections: readonly SdpSection[]
}

const invalid = (what: string) => new McpxError('INVALID_SDP', what)

/** Reads a whole description; throws INVALID_SDP. */
export function parseSdp(sdp: unknown): SdpDescription {
  if (typeof sdp !== 'string') throw invalid(`the SDP is ${sdp === null ? 'null' : `a ${typeof sdp}`}, not a text`)
  if (sdp.length > maxSdpLength) throw invalid(`the SDP has ${sdp.length} characters (at most ${maxSdpLength})`)
  const lines = sdp.split(/\r\n|\n|\r/).filter((line) => line !== '')
  if (lines[0] !== 'v=0') throw invalid(`the SDP does not begin with v=0 but with "${clip(lines[0] ?? '')}"`)
  const starts = lines.flatMap((line, index) => (line.startsWith('m=') ? [index] : []))
  if (starts.length === 0) throw invalid('the SDP has no m= line')
  if (starts.length > maxSections) throw invalid(`the SDP has ${starts.length} m= lines (at most ${maxSections})`)
  const session = new Attributes(lines.slice(0, starts[0]))
  const sections = starts.map((start, i) => parseSection(lines[start]!, lines.slice(start + 1, starts[i + 1]), session))
  const bundle = session.first('group')?.split(' ')
  return {
    isIceLite: session.has('ice-lite'),
    bundle: bundle?.[0] === 'BUNDLE' ? bundle.slice(1) : undefined,
    sections,
  }
}

const clip = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text)

/** The a= lines of a section, by name. */
class Attributes {
  readonly #values = new Map<string, string[]>()

  constructor(lines: readonly string[]) {
    for (const line of lines) {
      if (!line.startsWith('a=')) continue
      const colon = line.indexOf(':')
      const name = colon < 0 ? line.slice(2) : line.slice(2, colon)
      const values = this.#values.get(name) ?? []
      values.push(colon < 0 ? '' : line.slice(colon + 1))
      this.#values.set(name, values)
    }
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? []
  }

  first(name: string): string | undefined {
    return this.#values.get(name)?.[0]
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }
}

function parseSection(mLine: string, lines: readonly string[], session: Attributes): SdpSection {
  const [kind, port, protocol, ...tokens] = mLine.slice(2).trim().split(/ +/)
  if (!kind || !/^[a-z]{1,20}$/.test(kind) || !/^\d{1,5}(\/\d+)?$/.test(port ?? '') || !protocol || tokens.length === 0)
    throw invalid(`not a media line: "${clip(mLine)}"`)
  if (!/^[A-Za-z0-9/]{1,32}$/.test(protocol) || !tokens.every((token) => /^[\w.+-]{1,32}$/.test(token)))
    throw invalid(`not a media line: "${clip(mLine)}"`)
  const own = new Attributes(lines)
  const ufrag = own.first('ice-ufrag') ?? session.first('ice-ufrag')
  const password = own.first('ice-pwd') ?? session.first('ice-pwd')
  const fingerprints = own.has('fingerprint') ? own.all('fingerprint') : session.all('fingerprint')
  const mid = own.first('mid')
  if (mid !== undefined && !/^[\w.!#$%&'*+^`{|}~-]{1,64}$/.test(mid)) throw invalid(`not a mid: "${clip(mid)}"`)
  return {
    kind,
    protocol,
    tokens,
    isOpen: port !== '0' || own.has('bundle-only'),
    mid,
    direction: directionOf(own) ?? directionOf(session) ?? 'sendrecv',
    formats: kind === 'audio' || kind === 'video' ? parseFormats(tokens, own) : [],
    extensions: parseExtensions([...session.all('extmap'), ...own.all('extmap')]),
    sctpPort: parseSctpPort(own, tokens),
    ice: toIce(ufrag, password),
    fingerprints: fingerprints.slice(0, 8).map(parseFingerprint),
    setup: own.first('setup') ?? session.first('setup'),
    candidates: own
      .all('candidate')
      .slice(0, maxCandidates)
      .flatMap((line) => parseCandidate(line) ?? []),
    ssrcs: parseSsrcs(own.all('ssrc')),
  }
}

function directionOf(attributes: Attributes): Direction | undefined {
  return (['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const).find((name) => attributes.has(name))
}

/** RFC 8839 5.4: 4-256 and 22-256 ice-chars. */
function toIce(ufrag: string | undefined, password: string | undefined): IceParameters | undefined {
  if (ufrag === undefined && password === undefined) return undefined
  if (!/^[A-Za-z0-9+/=_-]{4,256}$/.test(ufrag ?? '')) throw invalid(`not an ice-ufrag: "${clip(ufrag ?? '')}"`)
  if (!/^[A-Za-z0-9+/=_-]{22,256}$/.test(password ?? '')) throw invalid('not an ice-pwd')
  return { ufrag: ufrag!, password: password! }
}

function parseFingerprint(line: string): Fingerprint {
  const match = /^(sha-(?:1|224|256|384|512)) ([0-9a-f]{2}(?::[0-9a-f]{2}){19,63})\s*$/i.exec(line)
  if (!match) throw invalid(`not a fingerprint: "${clip(line)}"`)
  return { algorithm: match[1]!.toLowerCase(), value: match[2]!.toUpperCase() }
}

function parseFormats(tokens: readonly string[], own: Attributes): SdpFormat[] {
  const maps = byPayloadType(own.all('rtpmap'))
  const parameters = byPayloadType(own.all('fmtp'))
  const feedback = own.all('rtcp-fb')
  const formats: SdpFormat[] = []
  for (const token of tokens.slice(0, 128)) {
    const payloadType = Number(token)
    if (!Number.isInteger(payloadType) || payloadType < 0 || payloadType > 127) continue
    const match = /^([\w.+-]{1,40})\/(\d{1,9})(?:\/(\d{1,2}))?$/.exec(maps.get(payloadType) ?? '')
    if (!match) continue
    formats.push({
      payloadType,
      name: match[1]!.toLowerCase(),
      clockRate: Number(match[2]),
      ...(match[3] === undefined ? {} : { channels: Number(match[3]) }),
      parameters: parseParameters(parameters.get(payloadType) ?? ''),
      feedback: feedback
        .filter((line) => line.startsWith(`${payloadType} `) || line.startsWith('* '))
        .map((line) => line.slice(line.indexOf(' ') + 1).trim()),
    })
  }
  return formats
}

function byPayloadType(lines: readonly string[]): Map<number, string> {
  const found = new Map<number, string>()
  for (const line of lines) {
    const match = /^(\d{1,3}) +(.*)$/.exec(line)
    if (match) found.set(Number(match[1]), match[2]!.trim())
  }
  return found
}

function parseParameters(line: string): Record<string, string> {
  const entries = line
    .split(';')
    .slice(0, 64)
    .flatMap((part): [string, string][] => {
      const match = /^\s*([\w-]{1,64})\s*(?:=\s*(.{0,1024}?))?\s*$/.exec(part)
      return match ? [[match[1]!.toLowerCase(), match[2] ?? '']] : []
    })
  return Object.fromEntries(entries.filter(([name]) => name !== '__proto__'))
}

function parseExtensions(lines: readonly string[]): Map<string, number> {
  const found = new Map<string, number>()
  for (const line of lines.slice(0, 64)) {
    const match = /^(\d{1,3})(?:\/\w+)? +(\S{1,200})/.exec(line)
    const id = Number(match?.[1])
    // One-byte header extensions only (RFC 8285 4.2).
    if (match && id >= 1 && id <= 14) found.set(match[2]!, id)
  }
  return found
}

function parseSctpPort(own: Attributes, tokens: readonly string[]): number | undefined {
  const port = Number(own.first('sctp-port') ?? (own.has('sctpmap') ? tokens[0] : Number.NaN))
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined
}

function parseSsrcs(lines: readonly string[]): number[] {
  const ssrcs = lines.slice(0, 64).map((line) => Number(/^(\d{1,10}) /.exec(line)?.[1]))
  return [...new Set(ssrcs.filter((ssrc) => ssrc > 0 && ssrc <= 0xffff_ffff))]
}

/** The codecs of a section that RTP carries here, in the other side's order of preference, each with its RTX number. */
export function codecsOf(section: SdpSection): NegotiatedCodec[] {
  return section.formats.flatMap((format): NegotiatedCodec[] => {
    const codec = codecOf(format.name)
    if (!codec || format.clockRate !== codec.clockRate || section.kind !== codec.kind) return []
    const rtx = section.formats.find(
      (other) => other.name === 'rtx' && other.parameters.apt === `${format.payloadType}`,
    )
    return [
      {
        codec: codec.name,
        parameters: format.parameters,
        ...(format.channels === undefined ? {} : { channels: format.channels }),
        payloadType: format.payloadType,
        ...(rtx ? { rtxPayloadType: rtx.payloadType } : {}),
        feedback: format.feedback,
      },
    ]
  })
}

/** A remote candidate that can be used: component 1, UDP, a literal unicast address (RFC 8839 5.1). */
export interface RemoteCandidate {
  readonly foundation: string
  readonly priority: number
  readonly address: string
  readonly port: number
  readonly type: 'host' | 'srflx' | 'relay'
}

/**
 * Undefined for candidates of kinds that are left alone: mDNS names (the viewer's own check finds us), TCP, other components.
 * Throws INVALID_SDP when the line is no candidate at all.
 */
export function parseCandidate(line: string): RemoteCandidate | undefined {
  const text = line.replace(/^a=/, '').replace(/^candidate:/, '')
  if (text.length > 1024) throw invalid(`a candidate of ${text.length} characters`)
  const [foundation, component, transport, priority, address, port, typ, type] = text.split(/ +/)
  if (!foundation || !/^\d{1,3}$/.test(component ?? '') || !transport || typ !== 'typ' || !address)
    throw invalid(`not a candidate: "${clip(text)}"`)
  if (!/^\d{1,10}$/.test(priority ?? '') || !/^\d{1,5}$/.test(port ?? ''))
    throw invalid(`not a candidate: "${clip(text)}"`)
  if (component !== '1' || transport.toLowerCase() !== 'udp' || isIP(address) === 0) return undefined
  if (Number(port) < 1 || Number(port) > 65_535 || (type !== 'host' && type !== 'srflx' && type !== 'relay'))
    return undefined
  if (/^(0\.|22[4-9]\.|23\d\.|24\d\.|25\d\.|ff)/i.test(address) || address === '::') return undefined
  return { foundation: foundation.slice(0, 32), priority: Number(priority), address, port: Number(port), type }
}
