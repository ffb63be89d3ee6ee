// argv → which command with which arguments and flags, or the text of --help. Commander parses; the option tables decide.
import { CommanderError, Option as Flag, type Command as Parser, Command as Program } from 'commander'
import { McpxError } from '../base/errors.ts'
import { flagTextOf, helpTextOf } from '../base/help.ts'
import { flagOf, type Option, type OptionTable } from '../base/options.ts'
import { type Command, globalOptions } from './define-command.ts'

const helpWidth = 80

type Parsed =
  | { readonly kind: 'print'; readonly text: string }
  | {
      readonly kind: 'run'
      readonly command: Command
      readonly args: readonly (string | undefined)[]
      /** Texts as typed, true or false for switches, lists for repeated flags; only what was given. */
      readonly flags: Readonly<Record<string, unknown>>
    }

/** Throws INVALID_OPTION with a suggestion where one is near. */
export function parseArgv(argv: readonly string[], commands: readonly Command[], version: string): Parsed {
  let text = ''
  let parsed: Parsed | undefined
  const program = base(new Program('mcpx'), (part) => {
    text += part
  })
    .description('Stream anything with an IPFS CID over WebRTC, and see exactly how well it plays.')
    .usage('<command> [options]')
    .configureHelp({ subcommandTerm })
    .version(version, '-V, --version', 'Print the version')
    .helpCommand('help [command]', 'Show the help of a command')
    .enablePositionalOptions()
    .addHelpText('after', `\nExamples:\n${examples(commands.flatMap((c) => c.examples.slice(0, 2)))}`)
  addFlags(program, globalOptions, 'Global:', true)

  const isNamed = commands.some(({ name }) => argv.includes(name))
  for (const command of commands) {
    // Hundreds of options, of which those of one command can matter.
    if (isNamed && !argv.includes(command.name)) {
      program.command(command.name)
      continue
    }
    const parser = declare(program, command)
    parser.action(() => {
      parsed = {
        kind: 'run',
        command,
        args: parser.processedArgs.flat(),
        flags: { ...program.opts(), ...parser.opts() },
      }
    })
  }

  try {
    program.parse(argv.length > 0 ? [...argv] : ['--help'], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0 || error.code === 'commander.help') return { kind: 'print', text }
    throw toUsageError(error, argv, commands)
  }
  return parsed ?? { kind: 'print', text }
}

function base(parser: Parser, write: (text: string) => void): Parser {
  return parser
    .exitOverride()
    .configureOutput({
      writeOut: write,
      writeErr: write,
      outputError: () => {},
      getOutHelpWidth: () => helpWidth,
      getErrHelpWidth: () => helpWidth,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .helpOption('-h, --help', 'Show this help')
    .showSuggestionAfterError(true)
}

/** That each takes options is said once, above; a longer list leaves no room for what the commands do. */
const subcommandTerm = (parser: Parser): string =>
  [
    parser.name(),
    ...parser.registeredArguments.map((argument) => spelled({ ...argument, help: '', name: argument.name() })),
  ].join(' ')

const spelled = ({ name, required, variadic }: NonNullable<Command['arguments']>[number]): string => {
  const text = variadic ? `${name}...` : name
  return required ? `<${text}>` : `[${text}]`
}

function declare(program: Parser, command: Command): Parser {
  const parser = program
    .command(command.name)
    .summary(command.summary)
    .description([`${command.summary}.`, command.description].filter(Boolean).join('\n\n'))
    .allowExcessArguments(false)
    .addHelpOption(new Flag('-h, --help', 'Show this help').helpGroup('Global:'))
  for (const argument of command.arguments ?? []) {
    const declared = parser.createArgument(spelled(argument), argument.help)
    parser.addArgument(argument.choices ? declared.choices(argument.choices) : declared)
  }
  for (const [title, table] of Object.entries(command.options)) addFlags(parser, table, `${title}:`, false)
  return parser.addHelpText('after', `\n${footer}\n\nExamples:\n${examples(command.examples)}`)
}

const footer = [
  'Each option is also an environment variable (--rate-limit: MCPX_RATE_LIMIT) and',
  'a key of the --config file ("rateLimit"). Flags win over the environment, the',
  'environment over the file. Each switch has a --no- form.',
].join('\n')

const examples = (list: Command['examples']) => list.map(({ line, does }) => `  ${line}\n      ${does}\n`).join('')

function addFlags(parser: Parser, table: OptionTable, title: string, hidden: boolean): void {
  for (const [key, option] of Object.entries(table)) {
    const flag = new Flag(flagTextOf(key, option), helpTextOf(option)).helpGroup(title).hideHelp(hidden)
    if (option.type === 'list') flag.argParser((item: string, items?: string[]) => [...(items ?? []), item])
    parser.addOption(flag)
    if (option.type === 'boolean') parser.addOption(negation(key, option))
  }
}

function negation(key: string, option: Option<unknown>): Flag {
  return new Flag(`--no-${flagOf(key).slice(2)}`, `Not: ${option.help}`).hideHelp()
}

/** Commander's `error: unknown option '--prot'\n(Did you mean --port?)` in our words. */
function toUsageError(error: CommanderError, argv: readonly string[], commands: readonly Command[]): McpxError {
  const [said = '', suggestion] = error.message.replace(/^error: /, '').split('\n')
  const name = commands.find((command) => argv.includes(command.name))?.name
  const message = said
    .replace(/^missing required argument '(.*)'$/, (_all, argument) => `mcpx ${name} needs <${argument}>`)
    .replace(
      /^command-argument value '(.*)' is invalid for argument '(.*)'\. Allowed choices are (.*)\.$/,
      '"$1" is not a valid $2: choose one of $3',
    )
  const hint = suggestion?.replace(/^\(|\)$/g, '') ?? `See \`mcpx ${name ? `${name} ` : ''}--help\`.`
  return new McpxError('INVALID_OPTION', message, { hint })
}
