// Every command there is, in the order of --help, each in a file that is loaded when it is asked for: most are not.
import type { Command } from '../lib/command-line/define-command.ts'

const loaders: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./serve.ts')).createServeCommand(),
  stream: async () => (await import('./stream.ts')).createStreamCommand(),
  monitor: async () => (await import('./monitor.ts')).monitorCommand,
  report: async () => (await import('./report.ts')).reportCommand,
  'test-client': async () => (await import('./test-client.ts')).testClientCommand,
  'check-connectivity': async () => (await import('./check-connectivity.ts')).checkConnectivityCommand,
  completion: async () => (await import('./completion.ts')).completionCommand,
}

export const loadCommands = (): Promise<readonly Command[]> => Promise.all(Object.values(loaders).map((load) => load()))

/** The command alone that a command line begins with; every one where it begins otherwise, or needs to know them all. */
export async function commandsFor(argv: readonly string[], env: Readonly<Record<string, string | undefined>>) {
  const [name = ''] = argv
  const needsAll =
    name === 'completion' || env.MCPX_CONFIG || argv.some((word) => /^--(config|test-client)\b/.test(word))
  return !needsAll && Object.hasOwn(loaders, name) ? [await loaders[name]!()] : loadCommands()
}
