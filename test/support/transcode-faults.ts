// Preloaded into a transcode process: what bad content would make FFmpeg's native code do, at a picture in the middle of a segment.
// `?fault=<name>&picture=<n>` in the address of this module says what and when.
import { CodecContext } from 'node-av/lib'

type Fault = 'stop' | 'crash' | 'eat' | 'spin'

/** Options for the Node of a process that shall do so. */
export const faultArgv = (fault: Fault, picture = 45): string[] => [
  '--import',
  `${import.meta.url.split('?')[0]}?fault=${fault}&picture=${picture}`,
]

const eaten: Buffer[] = []

/** None gives the main thread back. */
const faults: Readonly<Record<Fault, () => void>> = {
  stop: () => process.kill(process.pid, 'SIGSTOP'),
  crash: () => process.kill(process.pid, 'SIGSEGV'),
  eat() {
    for (;;) eaten.push(Buffer.alloc(2 ** 20, 1))
  },
  spin() {
    for (;;);
  },
}

const said = new URL(import.meta.url).searchParams
const fault = said.get('fault') as Fault | null
if (fault) {
  let left = Number(said.get('picture'))
  const encode = CodecContext.prototype.sendFrameSync
  CodecContext.prototype.sendFrameSync = function (frame) {
    if (this.width > 0 && --left === 0) faults[fault]()
    return encode.call(this, frame)
  }
}
