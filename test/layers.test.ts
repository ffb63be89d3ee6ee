import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const rules = JSON.parse(readFileSync(join(root, 'layers.json'), 'utf8')) as {
  layers: Record<string, string[]>
  homes: Record<string, string[]>
}

/** `src/lib/base/x.ts` → base; `src/lib/app.ts` → app; `src/commands/x.ts` → commands; `src/cli.ts` → cli. */
function layerOf(file: string): string {
  const parts = relative(join(root, 'src'), file).split('/')
  const name = parts[0] === 'lib' ? parts[1]! : parts[0]!
  return name.replace(/\.tsx?$/, '')
}

function sourceFiles(): string[] {
  return readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(root, 'src', name))
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  const found = [
    ...text.matchAll(/(?:^|\n)\s*(?:import|export)\s[^;'"`]*?from\s*['"]([^'"]+)['"]/g),
    ...text.matchAll(/\bimport\s*\(?\s*['"]([^'"]+)['"]/g),
  ]
  return found.map((match) => match[1]!)
}

const shortName = (file: string): string => relative(join(root, 'src'), file)

describe('layers', () => {
  const files = sourceFiles()

  it('knows every folder of src', () => {
    const unknown = [...new Set(files.map(layerOf))].filter((layer) => !(layer in rules.layers))
    expect(unknown).toEqual([])
  })

  it('lets imports go one way only', () => {
    const wrong: string[] = []
    for (const file of files) {
      const layer = layerOf(file)
      for (const specifier of importsOf(file)) {
        if (!specifier.startsWith('.')) continue
        const target = resolve(dirname(file), specifier)
        const other = layerOf(target)
        if (other !== layer && !rules.layers[layer]?.includes(other) && !specifier.endsWith('.css')) {
          wrong.push(`${relative(root, file)} imports ${other}`)
        }
      }
    }
    expect(wrong).toEqual([])
  })

  it('has no circle of imports, also inside a folder', () => {
    const done = new Set<string>()
    const circles: string[] = []
    function walk(file: string, trail: readonly string[]): void {
      if (trail.includes(file)) circles.push([...trail.slice(trail.indexOf(file)), file].map(shortName).join(' → '))
      if (trail.includes(file) || done.has(file)) return
      const targets = importsOf(file).filter((specifier) => /^\..*\.tsx?$/.test(specifier))
      for (const specifier of targets) walk(resolve(dirname(file), specifier), [...trail, file])
      done.add(file)
    }
    for (const file of files) walk(file, [])
    expect(circles).toEqual([])
  })

  it('keeps each third-party library in its home', () => {
    const wrong: string[] = []
    for (const file of files) {
      for (const specifier of importsOf(file)) {
        if (specifier.startsWith('.') || specifier.startsWith('node:')) continue
        const home = Object.entries(rules.homes).find(([name]) =>
          name.endsWith('/') ? specifier.startsWith(name) : specifier === name || specifier.startsWith(`${name}/`),
        )
        if (!home) wrong.push(`${relative(root, file)} imports ${specifier}, which has no home in layers.json`)
        else if (!home[1].includes(layerOf(file))) wrong.push(`${relative(root, file)} imports ${specifier}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('names only what exists', () => {
    for (const specifiers of files.map((file) => [file, importsOf(file)] as const)) {
      for (const specifier of specifiers[1]) {
        if (specifier.startsWith('.'))
          expect(existsSync(resolve(dirname(specifiers[0]), specifier)), `${specifiers[0]} → ${specifier}`).toBe(true)
      }
    }
  })
})
