// Whether a stored track can be sent as it is to a viewer, and as what: the whole codec string counts, not its name.
import type { CodecParameters } from '../model/codec.ts'
import type { Track } from '../model/track.ts'

/**
 * The viewer's codec that takes exactly this track, the first of its preference; undefined when the track must be transcoded.
 * Never for frames out of order. Rotation is not judged here: RTP does not carry it, the caller decides who turns the picture.
 */
export function canPass(track: Track, viewer: readonly CodecParameters[]): CodecParameters | undefined {
  if (track.reordered) return undefined
  return viewer.find((offered) => offered.codec === track.codec && fits(track, offered))
}

function fits(track: Track, offered: CodecParameters): boolean {
  switch (offered.codec) {
    case 'vp8':
      return true
    case 'vp9':
      return fitsVp9(track.codecString, offered.parameters)
    case 'av1':
      return fitsAv1(track.codecString, offered.parameters)
    case 'h264':
      return fitsH264(track, offered.parameters)
    case 'opus':
      return fitsOpus(track)
  }
}

/** One or two channels: RTP's mapping (RFC 7587) has no more. */
const fitsOpus = (track: Track): boolean => track.channels === 1 || track.channels === 2

type Parameters = CodecParameters['parameters']

/** A decimal fmtp value, or the default when it is absent; NaN when it is no number. */
const numberOf = (text: string | undefined, absent: number): number =>
  text === undefined ? absent : /^\d+$/.test(text) ? Number(text) : Number.NaN

/** `vp09.PP.LL.DD…`: the profile carries bit depth and chroma (RFC 9628 7.1: profile-id, 0 when absent). */
function fitsVp9(codecString: string, parameters: Parameters): boolean {
  const match = /^vp09\.(\d\d)\.(\d\d)\.(\d\d)(?:\.(\d\d))?/.exec(codecString)
  const profile = match ? Number(match[1]) : codecString === 'vp9' ? 0 : Number.NaN
  if (profile !== numberOf(parameters['profile-id'], 0)) return false
  const bitDepth = match ? Number(match[3]) : 8
  return profile < 2 ? bitDepth === 8 : bitDepth === 10 || bitDepth === 12
}

/** `av01.P.LLT.DD`: profile equal, level and tier within (AV1 RTP 7.2.1: profile 0, level-idx 5, tier 0 when absent). */
function fitsAv1(codecString: string, parameters: Parameters): boolean {
  const match = /^av01\.(\d)\.(\d\d)([MH])\.(\d\d)/.exec(codecString)
  if (!match) return false
  const profile = Number(match[1])
  const tier = match[3] === 'H' ? 1 : 0
  return (
    profile === numberOf(parameters.profile, 0) &&
    Number(match[2]) <= av1Level(parameters) &&
    tier <= numberOf(parameters.tier, 0) &&
    (profile > 0 || match[4] === '08')
  )
}

/**
 * level-idx 5 (3.1) is what absence means, and browsers write it though they decode far more: as in H.264, it is a hint
 * there, so that 5 or absent is taken for 6.3 at most.
 */
function av1Level(parameters: Parameters): number {
  const level = numberOf(parameters['level-idx'], 5)
  return level === 5 ? 19 : level
}

/** H.264 profile_idc and constraints, the order of what decodes what (RFC 6184 8.1 table 5). */
const h264Profiles = [
  'constrainedBaseline',
  'baseline',
  'main',
  'extended',
  'constrainedHigh',
  'high',
  'high444',
  'other',
] as const
type H264Profile = (typeof h264Profiles)[number]

/** What a decoder of the profile also decodes. */
const h264Decodes: Readonly<Record<H264Profile, readonly H264Profile[]>> = {
  constrainedBaseline: ['constrainedBaseline'],
  baseline: ['constrainedBaseline', 'baseline'],
  main: ['constrainedBaseline', 'main'],
  extended: ['constrainedBaseline', 'baseline', 'extended'],
  constrainedHigh: ['constrainedBaseline', 'main', 'constrainedHigh'],
  high: ['constrainedBaseline', 'main', 'constrainedHigh', 'high'],
  high444: ['constrainedBaseline', 'main', 'constrainedHigh', 'high', 'high444'],
  other: [],
}

interface ProfileLevel {
  readonly profile: H264Profile
  readonly idc: number
  /** Level times ten; 9 for 1b. */
  readonly level: number
}

/** `profile_idc profile_iop level_idc` in hexadecimal (RFC 6184 8.1). */
function parseProfileLevel(hex: string): ProfileLevel | undefined {
  if (!/^[0-9a-f]{6}$/i.test(hex)) return undefined
  const idc = Number.parseInt(hex.slice(0, 2), 16)
  const iop = Number.parseInt(hex.slice(2, 4), 16)
  const levelIdc = Number.parseInt(hex.slice(4, 6), 16)
  const is1b = levelIdc === 11 && (iop & 0x10) !== 0 && (idc === 66 || idc === 77 || idc === 88)
  return { profile: profileOf(idc, iop), idc, level: is1b ? 9 : levelIdc }
}

function profileOf(idc: number, iop: number): H264Profile {
  const set = (bit: number) => (iop & (0x80 >> bit)) !== 0
  if (idc === 66) return set(1) ? 'constrainedBaseline' : 'baseline'
  if (idc === 77) return set(0) ? 'constrainedBaseline' : 'main'
  if (idc === 88) return set(0) && set(1) ? 'constrainedBaseline' : 'extended'
  if (idc === 100) return set(4) && set(5) ? 'constrainedHigh' : 'high'
  return idc === 244 ? 'high444' : 'other'
}

/** Absent means baseline 1.0 (RFC 6184 8.1). */
const defaultProfileLevel = '42000a'

/**
 * Profile within what is offered and packetization mode 1. The level must be within too, unless both sides may differ
 * (level-asymmetry-allowed): then the offered one only says what the viewer itself would send.
 */
function fitsH264(track: Track, parameters: Parameters): boolean {
  if (parameters['packetization-mode'] !== '1') return false
  const own = parseProfileLevel(/^avc[13]\.([0-9a-f]{6})$/i.exec(track.codecString)?.[1] ?? '')
  const offered = parseProfileLevel(parameters['profile-level-id'] ?? defaultProfileLevel)
  if (!own || !offered) return false
  const decodes =
    h264Decodes[offered.profile].includes(own.profile) || (own.profile === 'other' && own.idc === offered.idc)
  return decodes && (own.level <= offered.level || parameters['level-asymmetry-allowed'] === '1')
}
