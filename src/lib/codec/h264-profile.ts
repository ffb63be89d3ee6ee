// Which H.264 a decoder takes: profiles and levels as codec strings and SDP say them (RFC 6184 8.1).
import type { Track } from '../model/track.ts'
import type { Fmtp } from './codec.ts'

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
export function fitsH264(track: Track, parameters: Fmtp): boolean {
  if (parameters['packetization-mode'] !== '1') return false
  const own = parseProfileLevel(/^avc[13]\.([0-9a-f]{6})$/i.exec(track.codecString)?.[1] ?? '')
  const offered = parseProfileLevel(parameters['profile-level-id'] ?? defaultProfileLevel)
  if (!own || !offered) return false
  const decodes =
    h264Decodes[offered.profile].includes(own.profile) || (own.profile === 'other' && own.idc === offered.idc)
  return decodes && (own.level <= offered.level || parameters['level-asymmetry-allowed'] === '1')
}
