// The child of encode-picture.ts: decodes the beginning of the shipped sample, encodes the first picture anew, and says so.
import { open } from 'node:fs/promises'
import { setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../base/clock.ts'
import { killProcess } from '../base/spawn-process.ts'
import type { MediaFiles } from '../media/input.ts'
import { openMedia } from '../media/open.ts'
import { createEncoder } from '../media/transcode/create-encoder.ts'
import { videoRecipes } from '../media/transcode/recipe.ts'
import type { Gop } from '../model/frame.ts'
import type { ByteSource } from '../model/source.ts'
import type { EncodedPicture } from './encode-picture.ts'

const { encoder: name } = JSON.parse(process.argv[2] ?? '') as { encoder: 'node-av' | 'ffmpeg' }
if (!process.connected) throw new Error('encode-process runs as a child process only')

setPriority(0, 10)
process.on('SIGINT', () => {})
process.on('disconnect', () => killProcess(process.pid))

const said = await encodePicture().catch(
  (error: Error): EncodedPicture => ({ error: String(error.message).slice(0, 300) }),
)
process.send!(said, () => process.exit(0))

async function encodePicture(): Promise<EncodedPicture> {
  const encoder = await createEncoder(name)
  const media = await openMedia(sampleFile(), { clock: systemClock })
  const track = media.tracks.find(({ kind }) => kind === 'video')
  if (!track) throw new Error('the sample has no picture')
  const recipe = videoRecipes(track, ['h264', 'vp8', 'vp9'])[0]!
  const over = new AbortController()
  async function* firstGop(): AsyncGenerator<Gop> {
    const gop = await media.rendition(track!.id).gopAt(0, over.signal)
    if (gop) yield gop
  }
  for await (const frame of encoder.encode({ track, recipe, segmentS: 1, from: 0 }, firstGop(), over.signal)) {
    if (!frame.isKey || frame.data.byteLength === 0) throw new Error('the first frame is no key frame')
    return { encoder: encoder.name, codec: recipe.codec }
  }
  throw new Error('nothing came out')
}

/** The smallest rung of the sample that comes with the package. */
function sampleFile(): MediaFiles {
  const path = fileURLToPath(new URL('../../../assets/sample/180p.mp4', import.meta.url))
  return {
    id: 'sample',
    entry: '180p.mp4',
    async open(): Promise<ByteSource> {
      const file = await open(path)
      const { size } = await file.stat()
      return {
        sizeBytes: size,
        async read(start, end) {
          const bytes = new Uint8Array(end - start)
          await file.read(bytes, 0, bytes.length, start)
          return bytes
        },
        close: () => void file.close(),
      }
    },
  }
}
