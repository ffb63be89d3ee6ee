// Files in, blocks out: UnixFS as Kubo makes it, with the same CIDs.
import { importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import { McpxError } from '../base/errors.ts'
import { type CID, cidText } from './cid.ts'
import type { AddInput, AddOptions } from './store.ts'

interface Imported {
  readonly cid: string
  readonly sizeBytes: number
  /** The directory around a single file, which nobody asked for. */
  readonly wrapper?: CID
}

type PutBlock = (cid: CID, bytes: Uint8Array) => Promise<void>

const maxPathText = 4096

/**
 * Imports the inputs as `ipfs add` does (256 KiB chunks, 174 links): one file without a folder is a file, everything
 * else one directory. INVALID_REQUEST for no input or a path that leads outside.
 */
export async function importUnixFs(
  inputs: AsyncIterable<AddInput> | Iterable<AddInput>,
  put: PutBlock,
  options: Pick<AddOptions, 'cidVersion' | 'onProgress' | 'signal'>,
): Promise<Imported> {
  const { cidVersion = 1, onProgress, signal } = options
  let sizeBytes = 0
  const files = new Set<string>()

  async function* content(input: AddInput): AsyncGenerator<Uint8Array> {
    for await (const bytes of input.content) {
      signal?.throwIfAborted()
      sizeBytes += bytes.length
      onProgress?.(sizeBytes)
      yield bytes
    }
  }

  async function* candidates() {
    for await (const input of inputs) {
      const path = checkAddPath(input.path, files)
      yield { path, content: content(input) }
    }
  }

  const blockstore = {
    async put(cid: CID, bytes: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>) {
      signal?.throwIfAborted()
      await put(cid, bytes instanceof Uint8Array ? bytes : await collect(bytes))
      return cid
    },
  }

  const tops = new Map<string, CID>()
  const imports = importer(candidates(), blockstore, {
    cidVersion,
    rawLeaves: cidVersion === 1,
    chunker: fixedSize({ chunkSize: 262_144 }),
    layout: balanced({ maxChildrenPerNode: 174 }),
    wrapWithDirectory: true,
    // More than one file at a time dead-locks with sources that come one after the other, as multipart does.
    fileImportConcurrency: 1,
    blockWriteConcurrency: 8,
  })
  for await (const { path = '', cid } of imports) if (!path.includes('/')) tops.set(path, cid)
  if (files.size === 0) throw new McpxError('INVALID_REQUEST', 'there is nothing to add')

  const wrapper = tops.get('')!
  tops.delete('')
  const names = new Set([...files].map((path) => path.split('/')[0]!))
  const only = names.size === 1 ? tops.get([...names][0]!) : undefined
  return only ? { cid: cidText(only), sizeBytes, wrapper } : { cid: cidText(wrapper), sizeBytes }
}

/** The path without empty names, put among those that were given. INVALID_REQUEST for one that leads outside or comes twice. */
export function checkAddPath(path: string, given: Set<string>): string {
  const names = path.split('/').filter((name) => name !== '')
  const isBad = names.length === 0 || path.length > maxPathText || /\0|\\\//.test(path)
  if (isBad || names.some((name) => name === '.' || name === '..'))
    throw new McpxError('INVALID_REQUEST', `"${path.slice(0, 200)}" is not a valid path to add`)
  const clean = names.join('/')
  if (given.has(clean)) throw new McpxError('INVALID_REQUEST', `the path "${clean}" is given twice`)
  given.add(clean)
  return clean
}

async function collect(parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const part of parts) all.push(part)
  return Buffer.concat(all)
}
