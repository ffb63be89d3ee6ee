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
}

async function* sampleFiles(folder: string): AsyncIterable<AddInput> {
  for (const name of (await readdir(folder)).sort())
    yield { path: `sample/${name}`, content: createReadStream(join(folder, name)) }
}

/** Adds the shipped ladder as one directory and says its CID; the same files always give the same CID. */
export async function addSample(store: ContentStore): Promise<string> {
  const { cid } = await store.add(sampleFiles(join(packageFolder, 'assets/sample')), { pin: true })
  return cid
}
