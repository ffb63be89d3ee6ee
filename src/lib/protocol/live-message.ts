// A message of the live feed as it comes over the wire: only one that has the form is taken in.
import { type LiveMessage, type LiveState, liveVersion } from './live.ts'

/** More than a full state of thousands of connections, in characters. */
export const maxMessageLength = 32 * 2 ** 20

type Fields = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown) => typeof value === 'string'
const isTexts = (value: unknown) => Array.isArray(value) && value.every(isText)

const isListOf = (value: unknown, isItem: (one: Fields) => boolean): boolean =>
  Array.isArray(value) && value.every((one) => isObject(one) && isItem(one))

const isConnection = (one: Fields): boolean =>
  [one.id, one.content, one.state, one.quality].every(isText) &&
  isObject(one.peerStates) &&
  isTexts(one.peerStates.dataChannels) &&
  isTexts(one.qualities) &&
  isTexts(one.codecs) &&
  typeof one.createdAtMs === 'number' &&
  [one.sample, one.error].every((part) => part === undefined || isObject(part)) &&
  [one.health, one.videoQuality].every((score) => score === undefined || isScore(score))

const isScore = (score: unknown): boolean =>
  isObject(score) && isListOf(score.reasons, ({ text }) => isText(text)) && isTexts(score.unknown)

const hasLists = (message: Fields): boolean =>
  typeof message.atMs === 'number' &&
  isObject(message.summary) &&
  isObject(message.summary.connections) &&
  isObject(message.summary.operations) &&
  isListOf(message.connections, isConnection) &&
  isListOf(message.operations, (one) => [one.id, one.type, one.status].every(isText) && isObject(one.details)) &&
  isListOf(message.tasks, (one) => [one.id, one.name, one.status].every(isText)) &&
  isListOf(message.events, (one) => [one.type, one.connectionId].every(isText) && isObject(one.details)) &&
  isListOf(message.workers, ({ worker }) => typeof worker === 'number')

const isState = (message: Fields): boolean =>
  message.type === 'state' &&
  message.version === liveVersion &&
  isObject(message.server) &&
  isText(message.server.version) &&
  typeof message.server.startedAtMs === 'number' &&
  hasLists(message)

const isChange = (message: Fields): boolean => message.type === 'change' && isTexts(message.gone) && hasLists(message)

/** Undefined for what is no message, or one of another version. */
export function parseLive(text: string): LiveMessage | undefined {
  const value = parse(text)
  return isObject(value) && (isState(value) || isChange(value)) ? (value as unknown as LiveMessage) : undefined
}

/** Whether it comes from a server of another version: whoever asks cannot understand it, now or later. */
export function isOfOtherVersion(text: string): boolean {
  const value = parse(text)
  return isObject(value) && value.type === 'state' && value.version !== liveVersion
}

export function parseState(text: string): LiveState | undefined {
  const message = parseLive(text)
  return message?.type === 'state' ? message : undefined
}

function parse(text: string): unknown {
  if (text.length > maxMessageLength) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
