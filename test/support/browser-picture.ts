// Which moment of the sample a browser shows, told by the picture alone: the nearest of the frames that ffmpeg decodes.
import { join, resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { run } from './e2e.ts'

const width = 64
const height = 36
const frameRate = 30
/** The lower right corner names the rung, and differs from one to the next. */
const isCompared = (at: number) => Math.floor(at / width) < height * 0.66 || at % width < width * 0.66

/** Every frame of the sample as a grey thumbnail. */
export async function sampleFrames(): Promise<Uint8Array[]> {
  const file = join(resolve(import.meta.dirname, '../../assets/sample'), '180p.mp4')
  const scaled = ['-vf', `scale=${width}:${height}:flags=area`, '-pix_fmt', 'gray', '-f', 'rawvideo', '-']
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', file, ...scaled], {
    encoding: 'buffer',
    maxBuffer: 2 ** 24,
  })
  const size = width * height
  return Array.from({ length: stdout.length / size }, (_, i) => stdout.subarray(i * size, (i + 1) * size))
}

const grab = `
(() => {
  const video = document.querySelector('video')
  const canvas = new OffscreenCanvas(${width}, ${height})
  const drawing = canvas.getContext('2d')
  drawing.imageSmoothingQuality = 'high'
  drawing.drawImage(video, 0, 0, ${width}, ${height})
  const { data } = drawing.getImageData(0, 0, ${width}, ${height})
  return Array.from({ length: ${width * height} }, (_, i) =>
    Math.round(0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2]))
})()
`

/** Media time of the picture on the screen, in seconds. */
export async function pictureTimeS(page: Page, frames: readonly Uint8Array[]): Promise<number> {
  const shown = await page.evaluate<number[]>(grab)
  const differences = frames.map((frame) => {
    let sum = 0
    for (let at = 0; at < shown.length; at++) if (isCompared(at)) sum += (shown[at]! - frame[at]!) ** 2
    return sum
  })
  return differences.indexOf(Math.min(...differences)) / frameRate
}
