// Reads the server's errors: problem details (RFC 9457) with our code and hint, the API's {error, code, hint}, or a text.

/** What an unsuccessful answer says. */
export interface AnswerError {
  readonly code?: string
  readonly message?: string
  readonly hint?: string
  readonly files?: readonly string[]
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const textIn = (record: Record<string, unknown>, key: string): string | undefined =>
  typeof record[key] === 'string' && record[key] !== '' ? record[key] : undefined

/** The object in the text; an empty one where there is none. */
export function parseJson(text: string): Record<string, unknown> {
  try {
    const raw: unknown = JSON.parse(text)
    return isRecord(raw) ? raw : {}
  } catch {
    return {}
  }
}

const maxFiles = 500

/** The server lists the playable files of a folder under its message, one indented path a line. */
function filesInMessage(message: string): readonly string[] {
  const lines = message.split('\n').slice(1)
  return lines
    .filter((line) => /^ {2}[^\s…]/.test(line))
    .map((line) => line.slice(2))
    .slice(0, maxFiles)
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
  const inner = isRecord(parsed.error) ? parsed.error : parsed
  const code = textIn(inner, 'code')
  const message = textIn(inner, 'detail') ?? textIn(inner, 'message') ?? textIn(inner, 'error')
  const line = message
    ?.split('\n')
    .map((one) => one.trim())
    .find(Boolean)
  const hint = textIn(inner, 'hint')
  const files = code === 'AMBIGUOUS_CONTENT' ? filesInMessage(message ?? '') : []
  return {
    ...(code ? { code } : {}),
    ...(line ? { message: line.slice(0, 500) } : {}),
    ...(hint ? { hint: hint.slice(0, 500) } : {}),
    ...(files.length > 0 ? { files } : {}),
  }
}
