// `mcpx test-client`: many viewers against a server, and a verdict.
import { defineCommand } from '../lib/command-line/define-command.ts'
import { browserOptions, loadOptions, pathOptions, serverOptions } from './test-client/options.ts'
import { outputOptions } from './test-client/output-options.ts'

export const testClientCommand = defineCommand({
  name: 'test-client',
  summary: 'Load a server with viewers, impair their path, and say pass or fail',
  description:
    'Uses the server at --server, the one that runs on this machine, or one that lives as long as the test. ' +
    'Exit 0 where everything holds, 3 where the server cannot be reached or goes away, 99 where a threshold fails, ' +
    '130 after Ctrl-C, with what was measured until then. `mcpx serve --test-client` is the same. Figures of --threshold: ' +
    'docs/verdicts.md; paths of --impair: docs/impairment.md.',
  otherwise: { command: 'serve', flag: '--test-client' },
  options: {
    Load: loadOptions,
    Path: pathOptions,
    Browsers: browserOptions,
    Verdict: outputOptions,
    Server: serverOptions,
  },
  examples: [
    { line: 'mcpx test-client --viewers 50 --duration 60', does: 'Fifty viewers of the sample for a minute' },
    {
      line: 'mcpx test-client --scenario random --seed 7 --json',
      does: 'At random, the same again with the same seed',
    },
    {
      line: "mcpx test-client --threshold 'failed==0' --threshold 'startup_p95<3000ms' --junit load.xml",
      does: 'A verdict for CI',
    },
    {
      line: "mcpx test-client --impair bad-wifi --impair-at '20s:rate=300kbps'",
      does: 'Over a bad network that gets worse',
    },
    { line: 'mcpx test-client --compare-baseline load.json --html load.html', does: 'Is it worse than it was' },
    { line: 'mcpx test-client --scenario flash-crowd --viewers 100', does: 'A hundred viewers at once' },
  ],
  async run({ options, io }) {
    const { runTestClient } = await import('./test-client/run.ts')
    return runTestClient(options, { io })
  },
})
