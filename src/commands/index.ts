// Every command there is, in the order of --help.

import type { Command } from '../lib/command-line/define-command.ts'
import { checkConnectivityCommand } from './check-connectivity.ts'
import { completionCommand } from './completion.ts'
import { monitorCommand } from './monitor.ts'
import { reportCommand } from './report.ts'
import { createServeCommand } from './serve.ts'
import { createStreamCommand } from './stream.ts'
import { testClientCommand } from './test-client.ts'

export const commands: readonly Command[] = [
  createServeCommand(),
  createStreamCommand(),
  monitorCommand,
  reportCommand,
  testClientCommand,
  checkConnectivityCommand,
  completionCommand,
]
