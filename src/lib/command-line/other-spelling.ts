// A command that can be called by a flag of another one: `mcpx serve --test-client`, as the origin's script has it.
import type { Command } from './define-command.ts'

/** The same argv with the command by its own name. */
export function byOwnName(argv: readonly string[], commands: readonly Command[]): readonly string[] {
  const end = argv.indexOf('--')
  const words = end < 0 ? argv : argv.slice(0, end)
  for (const { name, otherwise } of commands) {
    if (!otherwise) continue
    const at = words.indexOf(otherwise.command)
    const flagAt = words.indexOf(otherwise.flag, at + 1)
    const isFirst = commands.every((other) => !words.slice(0, at).includes(other.name))
    if (at < 0 || flagAt < 0 || !isFirst) continue
    return [...argv.slice(0, at), name, ...argv.slice(at + 1, flagAt), ...argv.slice(flagAt + 1)]
  }
  return argv
}
