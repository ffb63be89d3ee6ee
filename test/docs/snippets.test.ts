// The TypeScript of the documentation and the examples is right: the compiler reads it against the sources.
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const pages = ['README.md', 'docs/library.md']
/** What snippets use without saying where it comes from. */
const given = 'declare const readable: AsyncIterable<Uint8Array>\n'

let folder: string
beforeAll(async () => {
  // Inside the repository, so that imports of packages resolve.
  await mkdir(join(root, '.cache'), { recursive: true })
  folder = await mkdtemp(join(root, '.cache/snippets-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function compile(): Promise<string> {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const run = promisify(execFile)(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { cwd: root })
  return run.then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  )
}

it('compiles, strict', async () => {
  const config = {
    extends: '../../tsconfig.json',
    compilerOptions: { paths: { mcpx: ['../../src/lib/index.ts'] }, noUnusedLocals: false },
    include: ['*.ts', '../../examples'],
  }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config))
  let count = 0
  for (const page of pages) {
    const text = await readFile(join(root, page), 'utf8')
    for (const [, snippet = ''] of text.matchAll(/```ts\n([\s\S]*?)```/g))
      await writeFile(join(folder, `snippet-${count++}.ts`), given + snippet)
  }
  expect(count).toBeGreaterThan(2)
  // The one that must not pass shows that the others were looked at.
  await writeFile(join(folder, 'wrong.ts'), "import { createServer } from 'mcpx'\nawait createServer({ prot: 0 })\n")
  const errors = (await compile()).split('\n').filter((line) => line.includes('error TS'))
  expect(errors).toEqual([expect.stringMatching(/wrong\.ts.*'prot' does not exist/)])
}, 90_000)
