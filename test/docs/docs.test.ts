// The documentation says what the code does: generated tables are current, links lead somewhere, named flags exist.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadCommands } from '../../src/commands/index.ts'
import { errorKinds } from '../../src/lib/base/errors.ts'
import { flagOf } from '../../src/lib/base/options.ts'
import { serveOptions } from '../../src/lib/model/serve-options.ts'

const commands = await loadCommands()

const root = resolve(import.meta.dirname, '../..')
const read = (name: string) => readFileSync(join(root, name), 'utf8')
const pages = ['README.md', 'CHANGELOG.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter(
  (name) => name.endsWith('.md'),
)

/** The script is no part of the typed code. */
const script: string = join(root, 'scripts/docs.mjs')
const { regenerate, generatedFiles, wholeFiles } = (await import(script)) as {
  regenerate(text: string): string
  generatedFiles: readonly string[]
  wholeFiles: Readonly<Record<string, () => string>>
}

describe('generated tables', () => {
  it.each(generatedFiles)('of %s are current (node scripts/docs.mjs rewrites them)', (name) => {
    expect(read(name)).not.toMatch(/:begin -->\n<!--/)
    expect(regenerate(read(name))).toBe(read(name))
  })

  it.each(Object.keys(serveOptions))('have the option %s', (key) => {
    expect(read('docs/options.md')).toMatch(new RegExp(`^\\| \`${flagOf(key)}[ \`]`, 'm'))
  })

  it.each(Object.keys(errorKinds))('have the error %s', (code) => {
    expect(read('docs/errors.md')).toContain(`| \`${code}\` |`)
  })

  it('refuse a block that nothing generates', () => {
    expect(() => regenerate('<!-- nonsense:begin -->\n<!-- nonsense:end -->')).toThrow('nonsense')
  })
})

it.each(Object.keys(wholeFiles))('%s is current (node scripts/docs.mjs rewrites it)', (name) => {
  expect(wholeFiles[name]!()).toBe(read(name))
})

it('messages lead to headings of the troubleshooting guide that exist', () => {
  const headings = [...read('docs/troubleshooting.md').matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => read(join('src', name)))
  const named = sources.flatMap((text) =>
    [...text.matchAll(/docs\/troubleshooting\.md#([\w-]+)|\bsee\('([\w-]+)'\)/g)].map((match) => match[1] ?? match[2]),
  )
  expect(named.length).toBeGreaterThan(5)
  expect(named.filter((one) => !headings.includes(one!))).toEqual([])
})

describe('links', () => {
  it.each(pages)('of %s lead to files that exist', (name) => {
    const targets = [...read(name).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map((match) => match[1]!)
    const broken = targets.filter((target) => !existsSync(resolve(dirname(join(root, name)), target)))
    expect(broken).toEqual([])
  })
})

describe('flags and commands', () => {
  const flags = new Set([
    '--help',
    '--version',
    '--omit',
    '--quick',
    '--limit',
    ...commands.flatMap(({ table }) => Object.keys(table).map(flagOf)),
    ...commands.flatMap(({ otherwise }) => otherwise?.flag ?? []),
  ])

  it.each(pages)('that %s names exist', (name) => {
    const named = [...read(name).matchAll(/(?<![\w-<!])(--[a-z][a-z-]+[a-z])/g)].map((match) => match[1]!)
    expect([...new Set(named)].filter((flag) => !flags.has(flag))).toEqual([])
  })

  it.each(pages)('that %s calls exist', (name) => {
    const called = [...read(name).matchAll(/`(?:npx )?mcpx ([a-z][a-z-]*)/g)].map((match) => match[1]!)
    const known = [...commands.map((command) => command.name), 'help']
    expect(called.filter((command) => !known.includes(command))).toEqual([])
  })

  it.each(commands.flatMap(({ examples }) => examples.map(({ line }) => line)))('in the example `%s` exist', (line) => {
    const named = [...line.matchAll(/(--[a-z-]+)/g)].map((match) => match[1]!)
    expect(named.filter((flag) => !flags.has(flag))).toEqual([])
    expect(commands.some(({ name }) => line.includes(`mcpx ${name}`))).toBe(true)
  })
})
