// `mcpx completion`: the scripts load in their shells and complete what the tables declare.
import { execFileSync, spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { main } from '../../src/cli.ts'
import { loadCommands } from '../../src/commands/index.ts'
import { createTestIo } from '../support/test-io.ts'

const commands = await loadCommands()

async function script(shell: string): Promise<string> {
  const io = createTestIo(['completion', shell])
  expect(await main(io)).toBe(0)
  return io.stdout()
}

const has = (program: string) => spawnSync(program, ['--version']).status === 0

describe('bash', () => {
  async function complete(...typed: string[]): Promise<string[]> {
    const call = `COMP_WORDS=(${typed.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${typed.length - 1}; _mcpx; printf '%s\\n' "\${COMPREPLY[@]}"`
    const text = execFileSync('bash', ['-c', `set -eu\n${await script('bash')}\n${call}`], { encoding: 'utf8' })
    return text.split('\n').filter(Boolean)
  }

  it('completes every command', async () => {
    const found = await complete('mcpx', '')
    for (const { name } of commands) expect(found).toContain(name)
    expect(await complete('mcpx', 'se')).toEqual(['serve'])
  })

  it.each(commands.map((command) => [command.name, command] as const))(
    'completes every flag of %s',
    async (name, command) => {
      const flags = Object.keys(command.table).map((key) => `--${key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`)
      expect((await complete('mcpx', name, '--')).sort()).toEqual([...flags, '--help'].sort())
    },
  )

  it('completes the choices of a flag and of an argument', async () => {
    expect(await complete('mcpx', 'serve', '--log-level', '')).toEqual(['debug', 'info', 'warning', 'error'])
    expect(await complete('mcpx', 'completion', 'z')).toEqual(['zsh'])
  })

  it('completes folders after a flag that takes one', async () => {
    expect(await complete('mcpx', 'serve', '--log-dir', '/us')).toContain('/usr')
  })
})

describe('other shells', () => {
  it.skipIf(!has('zsh'))('zsh accepts its script', async () => {
    expect(spawnSync('zsh', ['-n'], { input: await script('zsh') }).status).toBe(0)
  })
  it.skipIf(!has('fish'))('fish accepts its script', async () => {
    expect(spawnSync('fish', ['-n'], { input: await script('fish') }).status).toBe(0)
  })
  it.each(['zsh', 'fish'])('the %s script names every flag', async (shell) => {
    const text = await script(shell)
    for (const flag of ['log-level', 'webrtc-metrics-port', 'print-config']) expect(text).toContain(flag)
  })
  it('refuses a shell it does not know', async () => {
    const io = createTestIo(['completion', 'tcsh'])
    expect(await main(io)).toBe(2)
    expect(io.stderr()).toContain('choose one of bash, zsh, fish')
  })
})
