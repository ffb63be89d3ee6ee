// From parsed argv to a running command: the config file, the consolidated options, --print-config.
import { resolve } from 'node:path'
import { configFor, readConfigFile } from '../base/config-file.ts'
import { valueText } from '../base/help.ts'
import type { Io } from '../base/io.ts'
import { jsonLine } from '../base/json-text.ts'
import { flagOf, type OptionTable, type Resolved, resolveOptions } from '../base/options.ts'
import { packageVersion } from '../base/version.ts'
import { shownValue } from '../base/without-credentials.ts'
import { type Command, globalOptions } from './define-command.ts'
import { byOwnName } from './other-spelling.ts'
import { parseArgv } from './parse-argv.ts'

/** Runs the command that argv names; resolves with its exit code. Throws McpxError. */
export async function dispatch(io: Io, commands: readonly Command[]): Promise<number | undefined> {
  const parsed = parseArgv(byOwnName(io.argv, commands), commands, packageVersion())
  if (parsed.kind === 'print') {
    io.out(parsed.text)
    return 0
  }
  const { command, args, flags } = parsed
  const resolved = await consolidate(command, flags, io, commands)
  if (resolved.values.printConfig) {
    io.out(resolved.values.json ? configJson(command.table, resolved) : configText(command.table, resolved))
    return 0
  }
  io.signal.throwIfAborted()
  return command.run({ args, options: resolved.values, origins: resolved.origins, io, commands })
}

/** The effective options of a command: defaults < config file < environment < flags. */
async function consolidate(
  command: Command,
  flags: Readonly<Record<string, unknown>>,
  io: Pick<Io, 'env' | 'cwd'>,
  commands: readonly Command[],
): Promise<Resolved<OptionTable>> {
  const { config } = resolveOptions({ config: globalOptions.config }, { env: io.env, flags }).values
  const known = Object.fromEntries(
    commands.map((c) => [c.name, Object.keys(c.table).filter((key) => key !== 'config')]),
  )
  const file = config ? configFor(command.name, await readConfigFile(resolve(io.cwd, config)), known) : {}
  return resolveOptions(command.table, { file, env: io.env, flags })
}

const hidden = '(hidden)'

/** One line an option: flag, value, origin. */
function configText(table: OptionTable, { values, origins }: Resolved<OptionTable>): string {
  const rows = Object.entries(table).map(([key, option]) => {
    const given = valueText(option, shownValue(values[key]))
    const text = given === undefined ? `(${option.defaultText ?? 'none'})` : option.secret ? hidden : given
    return [flagOf(key), text, origins[key]!] as const
  })
  const width = (column: 0 | 1) => Math.min(60, Math.max(...rows.map((row) => row[column].length)))
  return rows.map(([flag, text, origin]) => `${flag.padEnd(width(0))}  ${text.padEnd(width(1))}  ${origin}\n`).join('')
}

function configJson(table: OptionTable, { values, origins }: Resolved<OptionTable>): string {
  const entries = Object.entries(table).map(([key, option]) => {
    const isHidden = option.secret && valueText(option, values[key]) !== undefined
    return [key, { value: isHidden ? hidden : (shownValue(values[key]) ?? null), origin: origins[key] }]
  })
  return jsonLine(Object.fromEntries(entries))
}
