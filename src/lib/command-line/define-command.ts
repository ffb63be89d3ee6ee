// What a command is: a declaration from which parsing, help, completion and documentation come, and what it does.
import type { Io } from '../base/io.ts'
import * as option from '../base/options.ts'

export const globalOptions = {
  config: option.string({ help: 'JSON file of option values', placeholder: 'file' }),
  printConfig: option.boolean({ help: 'Print each effective value and where it comes from, and stop' }),
  json: option.boolean({ help: 'Machine-readable output: one JSON object a line' }),
  quiet: option.boolean({ help: 'No progress on stderr' }),
  debug: option.boolean({ help: 'Say more, with stack traces' }),
} as const

/** Title in --help → the options under it. */
type OptionGroups = Readonly<Record<string, option.OptionTable>>

type Intersection<U> = (U extends unknown ? (u: U) => void : never) extends (i: infer I) => void ? I : never
type Flat<G extends OptionGroups> = Intersection<G[keyof G]> & typeof globalOptions
type CommandOptions<G extends OptionGroups> =
  Flat<G> extends infer T extends option.OptionTable ? option.OptionsOf<T> : never

interface CommandContext<Options> {
  /** Positional arguments in the order of the declaration; an optional one that is absent is undefined, of a variadic one there are any number. */
  readonly args: readonly (string | undefined)[]
  readonly options: Options
  readonly origins: Readonly<Record<string, option.Origin>>
  readonly io: Io
  /** All commands, for those that describe them. */
  readonly commands: readonly Command[]
}

interface CommandDefinition<G extends OptionGroups> {
  readonly name: string
  /** One line, no full stop. */
  readonly summary: string
  /** Further paragraphs of --help. */
  readonly description?: string
  readonly arguments?: readonly {
    readonly name: string
    readonly help: string
    readonly required?: boolean
    /** The last one may be given several times. */
    readonly variadic?: boolean
    readonly choices?: readonly string[]
  }[]
  /** Another spelling: a flag of another command, which then is not run. */
  readonly otherwise?: { readonly command: string; readonly flag: string }
  readonly options: G
  readonly examples: readonly { readonly line: string; readonly does: string }[]
  /** Resolves with the exit code (default 0); throws an McpxError otherwise. */
  run(context: CommandContext<CommandOptions<G>>): Promise<number | undefined>
}

/** A defined command with its own options and the global ones in one table. */
export interface Command extends Omit<CommandDefinition<OptionGroups>, 'run'> {
  readonly table: option.OptionTable
  run(context: CommandContext<Readonly<Record<string, unknown>>>): Promise<number | undefined>
}

export function defineCommand<const G extends OptionGroups>(definition: CommandDefinition<G>): Command {
  const own: option.OptionTable = Object.assign({}, ...Object.values(definition.options))
  const rest = Object.fromEntries(Object.entries(globalOptions).filter(([key]) => !Object.hasOwn(own, key)))
  return {
    ...definition,
    options: { ...definition.options, Global: rest },
    table: { ...own, ...rest },
    run: (context) => definition.run(context as unknown as CommandContext<CommandOptions<G>>),
  }
}
