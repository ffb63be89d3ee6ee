// What comes with the package besides code: the built pages and the sample.
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AddInput, ContentStore } from '../content/store.ts'

/** The package's folder, from source (src/lib/app) as from the build (dist/lib/app). */
const packageFolder = fileURLToPath(new URL('../../../', import.meta.url))

export const pageFiles = {
  home: { file: join(packageFolder, 'dist/web/home.html') },
  player: { file: join(packageFolder, 'dist/web/player.html') },
  dashboard: { file: join(packageFolder, 'dist/web/dashboard.html') },
}

async function* sampleFiles(folder: string): AsyncIterable<AddInput> {
  for (const name of (await readdir(folder)).sort())
    yield { path: `sample/${name}`, content: createReadStream(join(folder, name)) }
}

/** Adds the shipped ladder as one directory and says its CID; the same files always give the same CID. */
export async function addSample(store: Pick<ContentStore, 'add'>): Promise<string> {
  const { cid } = await store.add(sampleFiles(join(packageFolder, 'assets/sample')), { pin: true })
  return cid
}

/** The same into every store; the first is our own, so that the sample plays also when a daemon is away. */
export async function addSampleTo([own, ...others]: readonly [Adder, ...Adder[]], onFailure: (error: unknown) => void) {
  const cid = await addSample(own)
  for (const store of others) await addSample(store).catch(onFailure)
  return cid
}

type Adder = Pick<ContentStore, 'add'>
