// `mcpx check-connectivity`: what works between here and a server, and how to mend what does not.
import { defineCommand } from '../lib/command-line/define-command.ts'
import { checkedOptions, checkOptions, localOptions } from './check-connectivity/options.ts'

export const checkConnectivityCommand = defineCommand({
  name: 'check-connectivity',
  summary: 'Say what works between here and a server, and how to mend what does not',
  description:
    'Checks the server at --server, or the one that runs on this machine. Without names all checks run that are quick; ' +
    '--all adds those that take seconds or load the machine. What only the server knows (its content, disk, encoder, history) ' +
    'it is asked for; that takes a token with the role operator where it wants one. Without a server the checks of content and ' +
    'machine run here, with the options below. Of a CID each step until it plays is shown with its time (bars on a terminal, JSON ' +
    'elsewhere); without a server one is started for that. A failure names its cause and the fix. Exit 0; 1 a check failed; 3 the server ' +
    'cannot be reached; 4 it refuses the token.',
  arguments: [
    { name: 'what', help: 'Names or groups of checks (see --list), or CIDs to follow until they play', variadic: true },
  ],
  options: { Checks: checkOptions, Server: checkedOptions, 'Without a server': localOptions },
  examples: [
    { line: 'mcpx check-connectivity', does: 'Check the server that runs here' },
    { line: 'mcpx check-connectivity bafy…', does: 'Why does this not play: each step from the CID to the picture' },
    {
      line: 'mcpx check-connectivity --server https://media.example --all',
      does: 'Every check, of a server elsewhere',
    },
    { line: 'mcpx check-connectivity --server https://media.example --security', does: 'Does it keep its promises' },
    { line: 'mcpx check-connectivity content websocket', does: 'A group and a check' },
    { line: "mcpx check-connectivity --json | jq '.counts.fail'", does: 'For a script' },
  ],
  async run({ args, options, io }) {
    const { listChecks, checkConnectivity } = await import('./check-connectivity/run.ts')
    if (options.list) return listChecks(options, io)
    return checkConnectivity(
      args.filter((arg) => arg !== undefined),
      options,
      io,
    )
  },
})
