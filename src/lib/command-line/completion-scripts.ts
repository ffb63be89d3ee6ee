// Completion scripts from the same tables as --help, so that they cannot fall behind.
import { flagOf, type Option } from '../base/options.ts'
import type { Command } from './define-command.ts'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

interface Flag {
  readonly flag: string
  readonly help: string
  /** What may follow: nothing, one of these words, a file, a folder or any text. */
  readonly value: 'none' | 'file' | 'folder' | 'text' | readonly string[]
}

function valueKindOf(option: Option<unknown>): Flag['value'] {
  if (option.type === 'boolean') return 'none'
  if (option.choices) return option.choices
  return option.placeholder === 'file' ? 'file' : option.placeholder === 'path' ? 'folder' : 'text'
}

const flagsOf = ({ table }: Command): Flag[] => [
  ...Object.entries(table).map(([key, option]) => ({
    flag: flagOf(key),
    help: option.help,
    value: valueKindOf(option),
  })),
  { flag: '--help', help: 'Show the help', value: 'none' },
]

const words = (command: Command): readonly string[] =>
  command.arguments?.find((argument) => argument.choices)?.choices ?? []
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
const names = (commands: readonly Command[]): string => ['help', ...commands.map((c) => c.name)].join(' ')

function bash(commands: readonly Command[]): string {
  const values = commands.flatMap((command) =>
    flagsOf(command)
      .filter(({ value }) => value !== 'none')
      .map(({ flag, value }) => `    ${command.name}:${flag}) ${bashValue(value)}; return ;;\n`),
  )
  const lists = commands.map(
    (c) => `    ${c.name}) list=${quote([...flagsOf(c).map(({ flag }) => flag), ...words(c)].join(' '))} ;;\n`,
  )
  return `# bash completion of mcpx
_mcpx() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} list=''
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W ${quote(`${names(commands)} --help --version`)} -- "$cur"))
    return
  fi
  case "\${COMP_WORDS[1]}:$prev" in
${values.join('')}  esac
  case "\${COMP_WORDS[1]}" in
    help) list=${quote(names(commands))} ;;
${lists.join('')}  esac
  COMPREPLY=($(compgen -W "$list" -- "$cur"))
  if [ "\${#COMPREPLY[@]}" -eq 0 ]; then COMPREPLY=($(compgen -f -- "$cur")); fi
}
complete -o filenames -F _mcpx mcpx
`
}

function bashValue(value: Flag['value']): string {
  if (value === 'file') return 'COMPREPLY=($(compgen -f -- "$cur"))'
  if (value === 'folder') return 'COMPREPLY=($(compgen -d -- "$cur"))'
  if (typeof value === 'string') return ':'
  return `COMPREPLY=($(compgen -W ${quote(value.join(' '))} -- "$cur"))`
}

function zsh(commands: readonly Command[]): string {
  const plain = (text: string) => text.replaceAll(/[\\[\]:]/g, '\\$&')
  const cases = commands.map((command) => {
    const lines = flagsOf(command).map(({ flag, help, value }) => quote(`*${flag}[${plain(help)}]${zshValue(value)}`))
    const rest = words(command).length > 0 ? `*:word:(${words(command).join(' ')})` : '*:file:_files'
    return `    ${command.name}) _arguments ${[...lines, quote(rest)].join(' \\\n        ')} ;;\n`
  })
  const described = commands.map((c) => quote(`${c.name}:${plain(c.summary)}`)).join(' ')
  return `#compdef mcpx
_mcpx() {
  if (( CURRENT == 2 )); then
    local -a commands=(${described} 'help:Show the help of a command')
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('')}  esac
}
if [ "$funcstack[1]" = _mcpx ]; then _mcpx "$@"; else compdef _mcpx mcpx; fi
`
}

function zshValue(value: Flag['value']): string {
  if (value === 'none') return ''
  if (value === 'file') return ':file:_files'
  if (value === 'folder') return ':folder:_files -/'
  return typeof value === 'string' ? ':value: ' : `:value:(${value.join(' ')})`
}

function fish(commands: readonly Command[]): string {
  const first = commands.map(
    (c) => `complete -c mcpx -n __fish_use_subcommand -f -a ${c.name} -d ${quote(c.summary)}\n`,
  )
  const rest = commands.flatMap((command) => {
    const start = `complete -c mcpx -n '__fish_seen_subcommand_from ${command.name}'`
    const list = words(command)
    return [
      ...flagsOf(command).map(
        ({ flag, help, value }) => `${start} -l ${flag.slice(2)}${fishValue(value)} -d ${quote(help)}\n`,
      ),
      ...(list.length > 0 ? [`${start} -f -a ${quote(list.join(' '))}\n`] : []),
    ]
  })
  return `# fish completion of mcpx\n${[...first, ...rest].join('')}`
}

function fishValue(value: Flag['value']): string {
  if (value === 'none') return ''
  if (value === 'file' || value === 'folder') return ' -r -F'
  return typeof value === 'string' ? ' -x' : ` -x -a ${quote(value.join(' '))}`
}

export const completionScripts: Readonly<Record<Shell, (commands: readonly Command[]) => string>> = { bash, zsh, fish }
