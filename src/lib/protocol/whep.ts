// WHEP on the wire (draft-ietf-wish-whep, and RFC 9725 where it points there): offers, SDP fragments (RFC 8840), Link headers.
import { McpxError } from '../base/errors.ts'
import type { IceCandidate, IceServer } from './media-plane.ts'

export const sdpType = 'application/sdp'
export const fragmentType = 'application/trickle-ice-sdpfrag'
/** Longest accepted offer and fragment, in bytes. */
export const maxSdpBytes = 256 * 1024
const maxLines = 8192
const maxCandidates = 256
const maxLineLength = 4096

/** What a PATCH says: credentials of the ICE session it belongs to, and candidates per media section. */
export interface SdpFragment {
  readonly ufrag?: string
  readonly pwd?: string
  readonly candidates: readonly IceCandidate[]
  /** True when `a=end-of-candidates` is there. */
  readonly isComplete: boolean
}

const invalid = (what: string) => new McpxError('INVALID_SDP', what)

function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/).filter((line) => line !== '')
  if (lines.length > maxLines) throw invalid(`${lines.length} lines are too many (at most ${maxLines})`)
  for (const line of lines) {
    if (line.length > maxLineLength) throw invalid(`a line of ${line.length} characters (at most ${maxLineLength})`)
    if (!/^[a-z]=/.test(line)) throw invalid(`"${line.slice(0, 60)}" is not a line of SDP`)
  }
  return lines
}

const iceText = /^[A-Za-z0-9+/]+$/

function credential(value: string, least: number, name: string): string {
  if (value.length < least || value.length > 256 || !iceText.test(value))
    throw invalid(`not an ${name}: "${value.slice(0, 60)}"`)
  return value
}

/**
 * A first look at an offer, before anything is opened for it: SDP at all, with a section to receive and with ICE credentials.
 * Throws INVALID_SDP with what is wrong. Returns the ICE username fragment.
 */
export function checkOffer(sdp: string): string {
  const lines = linesOf(sdp)
  if (lines[0] !== 'v=0') throw invalid('an offer begins with v=0')
  if (!lines.some((line) => /^m=(audio|video) /.test(line))) throw invalid('the offer has no audio or video section')
  if (!lines.some((line) => line.startsWith('a=fingerprint:'))) throw invalid('the offer has no DTLS fingerprint')
  const ufrag = lines.find((line) => line.startsWith('a=ice-ufrag:'))
  if (!ufrag || !lines.some((line) => line.startsWith('a=ice-pwd:'))) throw invalid('the offer has no ICE credentials')
  return credential(ufrag.slice('a=ice-ufrag:'.length), 4, 'ice-ufrag')
}

/** Parses a fragment (RFC 8840 section 9). Throws INVALID_SDP. */
export function parseFragment(text: string): SdpFragment {
  const candidates: IceCandidate[] = []
  let ufrag: string | undefined
  let pwd: string | undefined
  let isComplete = false
  let sdpMLineIndex = -1
  let sdpMid: string | undefined
  for (const line of linesOf(text)) {
    if (line.startsWith('m=')) {
      sdpMLineIndex++
      sdpMid = undefined
      continue
    }
    const [, name, value = ''] = /^a=([^:]+)(?::(.*))?$/.exec(line) ?? []
    if (name === 'ice-ufrag') ufrag ??= credential(value, 4, 'ice-ufrag')
    if (name === 'ice-pwd') pwd ??= credential(value, 22, 'ice-pwd')
    if (name === 'mid') sdpMid = value
    if (name === 'end-of-candidates') isComplete = true
    if (name !== 'candidate') continue
    if (candidates.length === maxCandidates) throw invalid(`more than ${maxCandidates} candidates`)
    const place = { ...(sdpMid === undefined ? {} : { sdpMid }), sdpMLineIndex: Math.max(0, sdpMLineIndex) }
    candidates.push({ candidate: `candidate:${value}`, ...place })
  }
  if (pwd !== undefined && ufrag === undefined) throw invalid('an ice-pwd without an ice-ufrag')
  return { ...(ufrag === undefined ? {} : { ufrag }), ...(pwd === undefined ? {} : { pwd }), candidates, isComplete }
}

/** The offer that restarts ICE: the first one with new credentials and no candidates; all else stays as negotiated. */
export function restartOffer(offer: string, ufrag: string, pwd: string): string {
  const kept = linesOf(offer).filter((line) => !/^a=(candidate:|end-of-candidates)/.test(line))
  const renewed = kept.map((line) => {
    if (line.startsWith('a=ice-ufrag:')) return `a=ice-ufrag:${ufrag}`
    return line.startsWith('a=ice-pwd:') ? `a=ice-pwd:${pwd}` : line
  })
  return `${renewed.join('\r\n')}\r\n`
}

/** What the answer to a restart says of it: credentials and candidates of the first (bundled) section. */
export function fragmentOf(answer: string): string {
  const lines = linesOf(answer)
  const first = lines.findIndex((line) => line.startsWith('m='))
  const second = lines.findIndex((line, at) => at > first && line.startsWith('m='))
  const section = first < 0 ? [] : lines.slice(first, second < 0 ? undefined : second)
  const find = (name: string) => [...section, ...lines].filter((line) => line.startsWith(`a=${name}:`)).slice(0, 1)
  const candidates = section.filter((line) => line.startsWith('a=candidate:'))
  const parts = [
    ...find('ice-ufrag'),
    ...find('ice-pwd'),
    ...section.slice(0, 1),
    ...find('mid'),
    ...candidates,
    'a=end-of-candidates',
  ]
  return `${parts.join('\r\n')}\r\n`
}

const quoted = (text: string) => `"${text.replace(/[\\"]/g, '\\$&').replace(/[^\x20-\x7e]/g, '')}"`

/** A `Link` header for each STUN and TURN server (RFC 9725 section 4.6). */
export function iceLinks(servers: readonly IceServer[]): string[] {
  return servers.map(({ urls, username, credential: secret }) => {
    const parts = [`<${urls.replace(/[<>\s]/g, encodeURIComponent)}>; rel="ice-server"`]
    if (username !== undefined) parts.push(`username=${quoted(username)}`)
    if (secret !== undefined) parts.push(`credential=${quoted(secret)}; credential-type="password"`)
    return parts.join('; ')
  })
}

/** What an answer took: opening the content, deciding what is sent of it, and the rest. */
export interface WhepTimes {
  readonly openMs: number
  /** Absent where it was decided before. */
  readonly choiceMs?: number
  readonly answerMs: number
}

/** As a `Server-Timing` header (https://www.w3.org/TR/server-timing/). */
export function writeTimes({ openMs, choiceMs, answerMs }: WhepTimes): string {
  const metric = (name: string, ms: number) => `${name};dur=${ms.toFixed(2)}`
  const choice = choiceMs === undefined ? [] : [metric('choice', choiceMs)]
  return [metric('open', openMs), ...choice, metric('answer', answerMs)].join(', ')
}

/** Undefined where the header is none of ours, as behind a proxy that leaves it out. */
export function readTimes(header: string | null): WhepTimes | undefined {
  const times = new Map<string, number>()
  for (const [, name, ms] of (header ?? '').slice(0, 1024).matchAll(/(?:^|,)\s*([a-z]+);dur=(\d{1,9}(?:\.\d{1,6})?)/g))
    times.set(name!, Number(ms))
  const [openMs, choiceMs, answerMs] = [times.get('open'), times.get('choice'), times.get('answer')]
  if (openMs === undefined || answerMs === undefined) return undefined
  return { openMs, answerMs, ...(choiceMs !== undefined && { choiceMs }) }
}
