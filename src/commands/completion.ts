// `mcpx completion`: the script a shell loads to complete commands and flags.
import { completionScripts, type Shell, shells } from '../lib/command-line/completion-scripts.ts'
import { defineCommand } from '../lib/command-line/define-command.ts'

export const completionCommand = defineCommand({
  name: 'completion',
  summary: 'Print the completion script of a shell',
  arguments: [{ name: 'shell', help: 'Which shell', required: true, choices: shells }],
  options: {},
  examples: [
    { line: 'source <(mcpx completion bash)', does: 'Complete in this bash' },
    { line: 'mcpx completion zsh > ~/.zfunc/_mcpx', does: 'Complete in zsh, with ~/.zfunc in fpath' },
    { line: 'mcpx completion fish > ~/.config/fish/completions/mcpx.fish', does: 'Complete in fish' },
  ],
  async run({ args, io, commands }) {
    io.out(completionScripts[args[0] as Shell](commands))
    return 0
  },
})
