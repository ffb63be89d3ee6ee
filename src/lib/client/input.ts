// What a person names to play: content by CID, a file of this machine, or a file of the web. The last two are added first.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { McpxError } from '../base/errors.ts'

export type Input =
  /** For the server to understand: a CID, ipfs://, /ipfs/, /ipns/ or a gateway address. */
  | { readonly kind: 'content'; readonly content: string }
  | {
      readonly kind: 'file'
      readonly name: string
      /** Unknown where a web server does not say. */
      readonly sizeBytes?: number
      readonly content: AsyncIterable<Uint8Array>
    }

/**
 * Decides by form, then by what stands on this machine. Throws INVALID_OPTION for a path with nothing or a folder there and
 * CONTENT_NOT_FOUND for an address that gives no file.
 */
export async function openInput(text: string, cwd: string, signal?: AbortSignal): Promise<Input> {
  if (/^https?:\/\//i.test(text))
    return isGatewayUrl(text) ? { kind: 'content', content: text } : download(text, signal)
  if (/^(ipfs|ipns):\/\/|^\/ip[fn]s\//i.test(text)) return { kind: 'content', content: text }
  const path = resolve(cwd, text)
  const found = await stat(path).catch(() => undefined)
  if (found?.isFile()) {
    return {
      kind: 'file',
      name: basename(path),
      sizeBytes: found.size,
      content: createReadStream(path, signal ? { signal } : {}),
    }
  }
  if (found) throw new McpxError('INVALID_OPTION', `${text} is a folder`, { hint: 'Give one file of it.' })
  if (/^(\.{0,2}\/|~|[a-z]:\\)/i.test(text)) {
    throw new McpxError('INVALID_OPTION', `there is no file ${text}`, { hint: 'Give a CID, a file or an address.' })
  }
  return { kind: 'content', content: text }
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
    const { cause, message } = error as Error
    const reason = (cause as NodeJS.ErrnoException | undefined)?.code ?? message
    throw new McpxError('CONTENT_NOT_FOUND', `${address}: ${reason}`, { cause: error, hint: 'Check the address.' })
  }
  if (!response.ok || !response.body) {
    await response.body?.cancel()
    throw new McpxError('CONTENT_NOT_FOUND', `${address} answered ${response.status}`, { hint: 'Check the address.' })
  }
  const length = Number(response.headers.get('content-length') ?? Number.NaN)
  // A compressed answer is longer than it says once it is read.
  const sizeBytes = Number.isSafeInteger(length) && !response.headers.has('content-encoding') ? length : undefined
  return { kind: 'file', name: fileNameOf(response.url), content: response.body, ...(sizeBytes ? { sizeBytes } : {}) }
}

function fileNameOf(address: string): string {
  const last = new URL(address).pathname.split('/').findLast((part) => part !== '') ?? 'download'
  try {
    return decodeURIComponent(last)
  } catch {
    return last
  }
}
