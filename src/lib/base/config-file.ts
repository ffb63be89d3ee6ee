// The file of --config: one JSON object of option values, and an object for each command where commands differ.
import { createReadStream } from 'node:fs'
import { McpxError } from './errors.ts'
import { checkConfigKeys } from './options.ts'

/** Longest accepted file, in bytes. */
const maxConfigBytes = 1_000_000

type Values = Readonly<Record<string, unknown>>

/**
 * The values of the file that hold for `command`: those at the top, over them those of its own section. Keys of other
 * commands are allowed, keys of none are not. Throws INVALID_CONFIG.
 */
export function configFor(command: string, file: unknown, known: Readonly<Record<string, readonly string[]>>): Values {
  const top = asObject(file, 'the config file')
  // Not by assignment: a key "__proto__" would be no key then.
  const values = Object.fromEntries(Object.entries(top).filter(([key]) => !Object.hasOwn(known, key)))
  checkConfigKeys(values, [...new Set(Object.values(known).flat())])
  for (const [name, keys] of Object.entries(known)) {
    if (!Object.hasOwn(top, name)) continue
    const section = asObject(top[name], `"${name}" in the config file`)
    checkConfigKeys(section, keys)
    if (name === command) Object.assign(values, section)
  }
  return values
}

function asObject(value: unknown, place: string): Values {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Values
  throw new McpxError('INVALID_CONFIG', `${place} is not a JSON object`)
}

/** Reads and parses the file. Throws INVALID_CONFIG that names it; `hint` where it is not the file of --config. */
export async function readConfigFile(path: string, hint?: string): Promise<unknown> {
  const refuse = (why: string) => new McpxError('INVALID_CONFIG', `${path}${why}`, hint === undefined ? {} : { hint })
  let bytes: Buffer
  try {
    // One more than may be, whatever the file claims: a pipe or a device has no length.
    bytes = Buffer.concat(await createReadStream(path, { end: maxConfigBytes }).toArray())
  } catch (error) {
    throw refuse(`: ${(error as NodeJS.ErrnoException).code ?? 'not readable'}`)
  }
  if (bytes.length > maxConfigBytes) throw refuse(` is longer than ${maxConfigBytes} bytes`)
  try {
    return JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, ''))
  } catch (error) {
    throw refuse(` is not valid JSON: ${(error as Error).message}`)
  }
}
