// Has a picture encoded in a child process: what goes wrong in native code must not end a server that others watch.
import { killProcess, spawnProcess } from '../base/spawn-process.ts'

/** What the child says. */
export interface EncodedPicture {
  /** The one that worked: where node-av does not load, ffmpeg is tried. */
  readonly encoder?: string
  readonly codec?: string
  readonly error?: string
}

/** Rejects only with the reason of the signal. */
export function encodeOnePicture(encoder: 'node-av' | 'ffmpeg', signal: AbortSignal): Promise<EncodedPicture> {
  const child = spawnProcess('./encode-process', import.meta.url, { settings: { encoder } })
  child.stdout?.resume()
  let said = ''
  child.stderr?.on('data', (bytes) => {
    said = `${said}${bytes}`.slice(-1000)
  })
  return new Promise<EncodedPicture>((resolve, reject) => {
    const stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    child.once('message', (message) => resolve(message as EncodedPicture))
    child.once('error', ({ message }) => resolve({ error: message }))
    child.once('exit', (code, name) => {
      const words = said.trim().split('\n').at(-1) ?? ''
      resolve({ error: `it ended with ${name ?? code}${words && `: ${words}`}` })
    })
  }).finally(() => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) killProcess(child.pid)
  })
}
