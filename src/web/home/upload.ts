// Adds files to the server's store, with progress (which fetch does not tell of uploads).
import { type AnswerError, readAnswerError } from '../shared/answer.ts'

type UploadResult =
  | { readonly cid: string; readonly sizeBytes: number }
  | { readonly status: number; readonly error: AnswerError }

export interface Upload {
  readonly done: Promise<UploadResult>
  cancel(): void
}

function readResult(request: XMLHttpRequest): UploadResult {
  const failed = { status: request.status, error: readAnswerError(request.responseText) }
  if (request.status < 200 || request.status > 299) return failed
  try {
    const { cid, content_size_bytes: sizeBytes } = JSON.parse(request.responseText)
    if (typeof cid === 'string') return { cid, sizeBytes: Number(sizeBytes) || 0 }
  } catch {
    // Below.
  }
  return { ...failed, error: { message: 'The server answered without a CID.' } }
}

/** Sends the files as one form. `onProgress` gets bytes sent and bytes in all. Never rejects; status 0 is no answer. */
export function upload(base: string, files: readonly File[], onProgress: (sent: number, all: number) => void): Upload {
  const request = new XMLHttpRequest()
  const form = new FormData()
  for (const file of files) form.append('file', file, file.name)
  const done = new Promise<UploadResult>((resolve) => {
    request.upload.addEventListener('progress', ({ loaded, total }) => onProgress(loaded, total))
    request.addEventListener('load', () => resolve(readResult(request)))
    request.addEventListener('error', () => resolve({ status: 0, error: { message: 'The server does not answer.' } }))
    request.addEventListener('abort', () => resolve({ status: 0, error: { message: 'Cancelled.' } }))
  })
  request.open('POST', `${base}/api/v0/ipfs/add`)
  request.send(form)
  return { done, cancel: () => request.abort() }
}
