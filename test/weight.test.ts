// What the package costs whoever installs it: the libraries that it brings, as the lock file has them.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, { dev?: true; optional?: true; devOptional?: true }>
}

/** Folders of what an install without development and optional dependencies brings. */
const installed = Object.entries(packages)
  .filter(([path, { dev, optional, devOptional }]) => path !== '' && !dev && !optional && !devOptional)
  .map(([path]) => path)

/** Bytes of the files of a package, without the packages inside it. */
function bytesOf(folder: string): number {
  const entries = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => name !== 'node_modules')
  return entries.reduce((sum, entry) => {
    const path = join(folder, entry.name)
    return sum + (entry.isDirectory() ? bytesOf(path) : statSync(path).size)
  }, 0)
}

it('brings at most 72 MiB of libraries, so that with its own files it is within 80', () => {
  const weights = installed.map((path) => [path, bytesOf(join(root, path))] as const).sort((a, b) => b[1] - a[1])
  const total = weights.reduce((sum, [, bytes]) => sum + bytes, 0)
  const heaviest = weights.slice(0, 5).map(([path, bytes]) => `${path} ${(bytes / 1_048_576).toFixed(1)}`)
  expect(total / 1_048_576, `MiB; the heaviest: ${heaviest.join(', ')}`).toBeLessThan(72)
})

it('does not bring what the build puts into its own files', () => {
  for (const name of ['echarts', 'ink', 'react']) expect(installed).not.toContain(`node_modules/${name}`)
})
