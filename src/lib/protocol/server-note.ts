// What the server tells a viewer, as it comes over the wire: it is no more to be trusted than what a viewer says. Without a library
// of schemas, because a page carries it too.
import { epochCauses } from '../model/epoch-cause.ts'
import { maxControlLength, type ServerNote } from './control.ts'

/** A note tells of all tracks and rungs, and is longer than what a viewer says. */
export const maxNoteLength = 8 * maxControlLength

type Fields = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown): value is string => typeof value === 'string'
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean'
const isKind = (value: unknown) => value === 'video' || value === 'audio'
const isListOf = (value: unknown, isItem: (one: Fields) => boolean): boolean =>
  Array.isArray(value) && value.every((one) => isObject(one) && isItem(one))
const areMaybe = (isOne: (value: unknown) => boolean, ...values: unknown[]): boolean =>
  values.every((value) => value === undefined || isOne(value))

/** Undefined for what is none, or none that is known here. */
export function parseServerNote(text: string): ServerNote | undefined {
  if (text.length > maxNoteLength) return undefined
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isObject(raw) || !isNote(raw)) return undefined
  return raw as unknown as ServerNote
}

function isNote(note: Fields): boolean {
  switch (note.type) {
    case 'media':
      return (
        isText(note.streamId) &&
        isNumber(note.clockRate) &&
        note.clockRate > 0 &&
        isMedia(note.media) &&
        isSent(note.sent)
      )
    case 'epoch':
      return isEpoch(note.epoch) && isFlag(note.paused)
    case 'quality':
      return isText(note.quality) && isNumber(note.rung) && isText(note.name)
    case 'buffering':
      return isFlag(note.buffering)
    case 'ended':
      return true
    case 'closed':
      return isText(note.reason)
    case 'error':
      return isText(note.code) && isText(note.message) && isText(note.hint)
    default:
      return false
  }
}

const isEpoch = (epoch: unknown): boolean =>
  isObject(epoch) &&
  isNumber(epoch.rtpTimestamp) &&
  isNumber(epoch.mediaTimeS) &&
  (epoch.rate === 0 || epoch.rate === 1) &&
  epochCauses.some((cause) => cause === epoch.cause)

const isMedia = (media: unknown): boolean =>
  isObject(media) &&
  isText(media.container) &&
  isNumber(media.durationS) &&
  (media.mode === 'ladder' || media.mode === 'fixed') &&
  [0, 90, 180, 270].some((degrees) => degrees === media.rotation) &&
  isListOf(media.rungs, isRung) &&
  isListOf(media.tracks, isTrack)

const isRung = (rung: Fields): boolean =>
  isNumber(rung.index) &&
  isText(rung.name) &&
  areMaybe(isNumber, rung.width, rung.height, rung.frameRate, rung.bitrateBps)

const isTrack = (track: Fields): boolean =>
  isNumber(track.id) &&
  isKind(track.kind) &&
  isText(track.codec) &&
  areMaybe(isText, track.language) &&
  areMaybe(isNumber, track.width, track.height, track.displayWidth, track.displayHeight) &&
  areMaybe(isNumber, track.frameRate, track.sampleRate, track.channels)

const isSent = (sent: unknown): boolean =>
  isListOf(
    sent,
    (track) =>
      isKind(track.kind) &&
      isText(track.codec) &&
      isText(track.sourceCodec) &&
      isFlag(track.transcoded) &&
      areMaybe(isText, track.language),
  )
