// What a person names to play: content by CID, a file of this machine, or a file of the web. The last two are added first.
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, join, relative, resolve, sep } from 'node:path'
import { McpxError } from '../base/errors.ts'
import { reasonOf, type UploadFile } from './api.ts'

export type Input =
  /** For the server to understand: a CID, ipfs://, /ipfs/, /ipns/ or a gateway address. */
  | { readonly kind: 'content'; readonly content: string }
  /** A file, or a folder as its files under one name. */
  | {
      readonly kind: 'files'
      readonly name: string
      /** Unknown where a web server does not say. */
      readonly sizeBytes?: number
      readonly files: readonly UploadFile[]
    }

/** Most files of a folder, as many as the server takes in one request. */
const maxFiles = 1000

/**
 * Decides by form, then by what stands on this machine. Throws INVALID_OPTION for a path with nothing there and
 * CONTENT_NOT_FOUND for an address that gives no file.
 */
export async function openInput(text: string, cwd: string, signal?: AbortSignal): Promise<Input> {
  if (/^https?:\/\//i.test(text))
    return isGatewayUrl(text) ? { kind: 'content', content: text } : download(text, signal)
  if (/^(ipfs|ipns):\/\/|^\/ip[fn]s\//i.test(text)) return { kind: 'content', content: text }
  const path = resolve(cwd, text)
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory()) return openFolder(path, signal)
  if (found?.isFile()) {
    const file = { name: basename(path), content: readFrom(path, signal) }
    return { kind: 'files', name: file.name, sizeBytes: found.size, files: [file] }
  }
  // A CID has no dot, so that `clip.mp4` can only be meant as a file.
  if (found || /^(\.{0,2}\/|~|[a-z]:\\)/i.test(text) || /^[^/]*\.[^/]*$/.test(text)) {
    throw new McpxError('INVALID_OPTION', `there is no file ${text}`, { hint: 'Give a CID, a file or an address.' })
  }
  return { kind: 'content', content: text }
}

/** Opens the file when it is read, so that a folder needs one descriptor at a time. */
async function* readFrom(path: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path, signal ? { signal } : {})
}

/** The files of a folder and of those in it, in the order of their names; hidden ones and links are left out. */
async function openFolder(path: string, signal?: AbortSignal): Promise<Input> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(path, join(entry.parentPath, entry.name)).split(sep))
    .filter((names) => !names.some((name) => name.startsWith('.')))
    .sort((a, b) => (a.join('/') < b.join('/') ? -1 : 1))
  if (paths.length === 0) throw new McpxError('INVALID_OPTION', `${path} is an empty folder`, { hint: 'Give a file.' })
  if (paths.length > maxFiles)
    throw new McpxError('INVALID_OPTION', `${path} holds ${paths.length} files (at most ${maxFiles})`, {
      hint: 'Give a folder with fewer files, or one file.',
    })
  const name = basename(path) || 'folder'
  const sizes = await Promise.all(paths.map(async (names) => (await stat(join(path, ...names))).size))
  return {
    kind: 'files',
    name,
    sizeBytes: sizes.reduce((sum, size) => sum + size, 0),
    files: paths.map((names) => ({
      name: [name, ...names].join('/'),
      content: readFrom(join(path, ...names), signal),
    })),
  }
}

/** `https://host/ipfs/<cid>…` and `https://<cid>.ipfs.host/…`. */
function isGatewayUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && (/^\/ip[fn]s\/./.test(url.pathname) || /^[^.]+\.ip[fn]s\./.test(url.hostname))
}

async function download(address: string, signal?: AbortSignal): Promise<Input> {
  let response: Response
  try {
    response = await fetch(address, signal ? { signal } : {})
  } catch (error) {
    signal?.throwIfAborted()
    const hint = 'Check the address.'
    throw new McpxError('CONTENT_NOT_FOUND', `${address}: ${reasonOf(error)}`, { cause: error, hint })
  }
  if (!response.ok || !response.body) {
    await response.body?.cancel()
    throw new McpxError('CONTENT_NOT_FOUND', `${address} answered ${response.status}`, { hint: 'Check the address.' })
  }
  const length = Number(response.headers.get('content-length') ?? Number.NaN)
  // A compressed answer is longer than it says once it is read.
  const sizeBytes = Number.isSafeInteger(length) && !response.headers.has('content-encoding') ? length : undefined
  const file = { name: fileNameOf(response.url), content: response.body }
  return { kind: 'files', name: file.name, files: [file], ...(sizeBytes ? { sizeBytes } : {}) }
}

function fileNameOf(address: string): string {
  const last = new URL(address).pathname.split('/').findLast((part) => part !== '') ?? 'download'
  try {
    return decodeURIComponent(last)
  } catch {
    return last
  }
}
