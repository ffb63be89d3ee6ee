// `mcpx monitor`: the connections of a server as they happen, on a screen, as tables or as JSON.
import { defineCommand } from '../lib/command-line/define-command.ts'
import { monitoredOptions, monitorOptions, replayOptions } from './monitor/options.ts'

export const monitorCommand = defineCommand({
  name: 'monitor',
  summary: 'Watch the connections of a server in the terminal, as they happen or as they were',
  description:
    'Connections, charts, scores with their reasons, events, operations and tasks, with keys to sort, filter, close and set ' +
    'the quality (? shows them). Reports a lost server and reconnects. --json prints one JSON object per message.',
  options: { Monitor: monitorOptions, Server: monitoredOptions, Replay: replayOptions },
  examples: [
    { line: 'mcpx monitor', does: 'Watch the server that runs here' },
    { line: 'mcpx monitor --server https://media.example --once', does: 'One moment as tables' },
    { line: "mcpx monitor --json | jq '.summary.connections'", does: 'Every message as a line of JSON' },
    { line: 'mcpx monitor --replay ~/.mcpx --since 2h --speed 10', does: 'The last two hours, ten times as fast' },
  ],
  async run({ options, io }) {
    const [{ printMessages, printOnce, showScreen }, { openSource }] = await Promise.all([
      import('./monitor/run.ts'),
      import('./monitor/source.ts'),
    ])
    const source = await openSource(options, io)
    try {
      const isScreen = io.stdoutIsTty && io.env.TERM !== 'dumb'
      if (options.once || !(options.json || isScreen)) await printOnce(source, options, io)
      else if (options.json) await printMessages(source, options, io)
      else await showScreen(source, options, io)
      return undefined
    } finally {
      source.close()
    }
  },
})
