// Every command there is, in the order of --help.

import { completionCommand } from './completion.ts'
import type { Command } from './define-command.ts'
import { monitorCommand } from './monitor.ts'
import { reportCommand } from './report.ts'
import { createServeCommand } from './serve.ts'
import { createStreamCommand } from './stream.ts'

export const commands: readonly Command[] = [
  createServeCommand(),
  createStreamCommand(),
  monitorCommand,
  reportCommand,
  completionCommand,
]
