// What every end-to-end test needs: one way to wait for a condition, and one way to say that a part is missing.
import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

export const run = promisify(execFile)

/** Asks again and again until the answer is truthy, and returns it; says after the deadline what was awaited and the last answer. */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  { timeoutMs = 15_000, everyMs = 40 } = {},
): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
  const deadlineMs = performance.now() + timeoutMs
  let answer: T | undefined
  let failure: unknown
  do {
    try {
      answer = await ask()
      failure = undefined
      if (answer) return answer as Exclude<T, false | null | undefined | 0 | ''>
    } catch (error) {
      failure = error
    }
    await new Promise((again) => setTimeout(again, everyMs))
  } while (performance.now() < deadlineMs)
  const last = failure ? String(failure) : JSON.stringify(answer)
  throw new Error(`${what}: not within ${timeoutMs} ms (last: ${last})`, { cause: failure })
}

/** A program of the PATH. */
export function findProgram(...names: string[]): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

/** Why a test file is skipped, said aloud; an error where MCPX_REQUIRE_PARTS asks for every part or for one of these. */
export function missingParts(parts: Readonly<Record<string, unknown>>): string[] {
  const missing = Object.keys(parts).filter((name) => !parts[name])
  const required = process.env.MCPX_REQUIRE_PARTS ?? ''
  const lacking = missing.filter((name) => required === '1' || required.split(',').includes(name))
  if (lacking.length > 0) throw new Error(`MCPX_REQUIRE_PARTS asks for what is not here: ${lacking.join(', ')}`)
  if (missing.length > 0) console.warn(`SKIPPED: no ${missing.join(', no ')} here`)
  return missing
}

/** Says that something was not tested on this machine now. */
export const saySkipped = (why: string): void => console.warn(`SKIPPED: ${why}`)
