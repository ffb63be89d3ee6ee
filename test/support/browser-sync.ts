// How far sound and picture of the sample are apart in a browser: its flash and its beep begin on the same instant, each second.
import type { Page } from 'playwright-core'

/** Finds the beginning of each 1 kHz beep, block by block (Goertzel), on the context's own time. */
const worklet = `
registerProcessor('beeps', class extends AudioWorkletProcessor {
  quietUntil = 0
  process([input]) {
    const samples = input?.[0]
    if (!samples) return true
    const k = 2 * Math.cos((2 * Math.PI * 1000) / sampleRate)
    let a = 0, b = 0
    for (const sample of samples) { const c = sample + k * a - b; b = a; a = c }
    const amplitude = (2 / samples.length) * Math.sqrt(Math.max(0, a * a + b * b - k * a * b))
    if (amplitude < 0.25) return true
    if (currentTime > this.quietUntil) this.port.postMessage(currentTime)
    this.quietUntil = currentTime + 0.3
    return true
  }
})
`

const script = `
globalThis.measureSync = async (wanted, timeoutMs) => {
  const video = document.querySelector('video')
  const context = new AudioContext({ sampleRate: 48000, latencyHint: 'interactive' })
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([${JSON.stringify(worklet)}], { type: 'text/javascript' })))
  const source = context.createMediaStreamSource(new MediaStream(video.srcObject.getAudioTracks()))
  const beeps = new AudioWorkletNode(context, 'beeps')
  const flashes = []
  const heard = []
  // When a context time is processed: the output's time without the latency from there to the loudspeaker.
  beeps.port.onmessage = ({ data }) => {
    const { contextTime, performanceTime } = context.getOutputTimestamp()
    heard.push(performanceTime + (data - contextTime) * 1000)
  }
  source.connect(beeps)
  const canvas = new OffscreenCanvas(1, 1)
  const drawing = canvas.getContext('2d', { willReadFrequently: true })
  let wasBright = true
  let handle = 0
  const onFrame = (now, { expectedDisplayTime }) => {
    const [w, h] = [video.videoWidth, video.videoHeight]
    drawing.drawImage(video, w * 0.85, h * 0.1, w * 0.08, h * 0.15, 0, 0, 1, 1)
    const isBright = drawing.getImageData(0, 0, 1, 1).data[0] > 215
    if (isBright && !wasBright) flashes.push(expectedDisplayTime)
    wasBright = isBright
    handle = video.requestVideoFrameCallback(onFrame)
  }
  handle = video.requestVideoFrameCallback(onFrame)
  const differences = () => flashes.flatMap((flash) => {
    const nearest = heard.reduce((best, beep) => Math.abs(beep - flash) < Math.abs(best - flash) ? beep : best, Infinity)
    return Math.abs(nearest - flash) < 450 ? [nearest - flash] : []
  })
  const began = performance.now()
  while (differences().length < wanted && performance.now() - began < timeoutMs)
    await new Promise((next) => requestAnimationFrame(next))
  video.cancelVideoFrameCallback(handle)
  await context.close()
  return { differences: differences(), flashes: flashes.length, beeps: heard.length }
}
`

/** Milliseconds by which the sound comes late, for each of some seconds. */
export async function measureSync(page: Page, count: number): Promise<number[]> {
  await page.evaluate(script)
  const { differences, flashes, beeps } = await page.evaluate<{
    differences: number[]
    flashes: number
    beeps: number
  }>(`measureSync(${count}, ${count * 1000 + 8000})`)
  if (differences.length < count)
    throw new Error(`${differences.length} of ${count} pairs found in ${flashes} flashes and ${beeps} beeps`)
  return differences
}
