// Reads the server's errors: an ErrorRecord ({code, message, hint}), bare or under `error`, or only a text.

/** What an unsuccessful answer says. */
export interface AnswerError {
  readonly code?: string
  readonly message?: string
  readonly hint?: string
  readonly files?: readonly string[]
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const textIn = (record: Record<string, unknown>, key: string): string | undefined =>
  typeof record[key] === 'string' && record[key] !== '' ? record[key].slice(0, 500) : undefined

function filesIn(record: Record<string, unknown>): readonly string[] | undefined {
  const list = [record.files, record.playable, record.candidates].find(Array.isArray)
  if (!list) return undefined
  const paths = list.map((entry) => (isRecord(entry) ? (entry.content ?? entry.path ?? entry.name) : entry))
  return paths.filter((path): path is string => typeof path === 'string').slice(0, 500)
}

/** Takes the body of an answer apart; never throws. */
export function readAnswerError(body: string): AnswerError {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    const text = body.trim()
    return text && text.length < 300 && !text.startsWith('<') ? { message: text } : {}
  }
  if (!isRecord(parsed)) return {}
  const inner = isRecord(parsed.error) ? parsed.error : isRecord(parsed.detail) ? parsed.detail : parsed
  const code = textIn(inner, 'code') ?? textIn(parsed, 'code')
  const message = textIn(inner, 'message') ?? textIn(parsed, 'error') ?? textIn(parsed, 'message')
  const hint = textIn(inner, 'hint') ?? textIn(parsed, 'hint')
  const files = filesIn(inner) ?? filesIn(parsed)
  return {
    ...(code ? { code } : {}),
    ...(message ? { message } : {}),
    ...(hint ? { hint } : {}),
    ...(files ? { files } : {}),
  }
}
