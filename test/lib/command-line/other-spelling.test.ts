// A command that is called by a flag of another one.
import { describe, expect, it } from 'vitest'
import { defineCommand } from '../../../src/lib/command-line/define-command.ts'
import { byOwnName } from '../../../src/lib/command-line/other-spelling.ts'

const command = (name: string, otherwise?: { command: string; flag: string }) =>
  defineCommand({ name, summary: name, options: {}, examples: [], run: async () => 0, ...(otherwise && { otherwise }) })
const commands = [
  command('serve'),
  command('stream'),
  command('test-client', { command: 'serve', flag: '--test-client' }),
]

describe('another spelling', () => {
  it.each([
    ['serve --test-client', 'test-client'],
    ['serve --json --test-client --viewers 3', 'test-client --json --viewers 3'],
    ['--debug serve --test-client --help', '--debug test-client --help'],
  ])('%s is %s', (line, own) => {
    expect(byOwnName(line.split(' '), commands).join(' ')).toBe(own)
  })

  it.each([
    '',
    'serve',
    'serve --sample',
    'stream --test-client',
    'stream serve --test-client',
    '--test-client serve',
    'serve -- --test-client',
  ])('%s is what it is', (line) => {
    expect(byOwnName(line.split(' '), commands).join(' ')).toBe(line)
  })
})
