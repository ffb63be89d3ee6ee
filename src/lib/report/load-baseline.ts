// The result of an earlier load test, from its file: what --compare-baseline holds a run against.
import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { McpxError } from '../base/errors.ts'
import { plainText } from '../base/plain-text.ts'
import { type LoadResult, loadResult, loadResultVersion } from '../protocol/load-result.ts'

/** A result lists 10,000 sessions at most, which are a tenth of this. */
const maxBytes = 64 * 2 ** 20

/** Throws INVALID_OPTION that says what is wrong with the file. */
export async function readBaseline(path: string, cwd: string): Promise<LoadResult> {
  const place = resolve(cwd, path)
  try {
    const { size } = await stat(place)
    if (size > maxBytes) throw wrong(path, `it is larger than ${maxBytes / 2 ** 20} MiB`)
    return parseBaseline(await readFile(place, 'utf8'), path)
  } catch (error) {
    if (error instanceof McpxError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    throw wrong(path, code === 'ENOENT' ? 'there is no such file' : message.split(', ')[0]!, error)
  }
}

/** The same of its text. */
export function parseBaseline(text: string, path: string): LoadResult {
  const version = versionOf(text, path)
  if (version !== loadResultVersion)
    throw wrong(
      path,
      `it has version ${plainText(JSON.stringify(version)).slice(0, 20)}, and this mcpx reads version ${loadResultVersion}`,
    )
  const parsed = loadResult.safeParse(JSON.parse(text))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const place = issue?.path.map(String).join('.') || 'the whole'
  throw wrong(path, `it is no result of a load test: ${plainText(`${place}: ${issue?.message}`).slice(0, 200)}`)
}

function versionOf(text: string, path: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && 'version' in value) return value.version
  } catch (error) {
    throw wrong(path, 'it is not JSON', error)
  }
  throw wrong(path, 'it is no result of a load test')
}

const wrong = (path: string, why: string, cause?: unknown) =>
  new McpxError('INVALID_OPTION', `--compare-baseline ${path}: ${why}`, {
    cause,
    hint: 'Write one with --save-baseline, or keep the line that --json says.',
  })
