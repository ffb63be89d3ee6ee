// How far sound and picture are apart in a browser, of clips whose flash and beep begin on the same instant, each second.
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

/**
 * A second that the page, its pictures or its sound did not get through evenly says nothing about how they are apart; nor do the
 * seconds after it, in which the browser brings them together again.
 */
const script = `
globalThis.measureSync = async ({ count, settleMs, spreadMs, timeoutMs }) => {
  const video = document.querySelector('video')
  const peer = peers.findLast((candidate) => candidate.connectionState === 'connected')
  const context = new AudioContext({ sampleRate: 48000, latencyHint: 'interactive' })
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([${JSON.stringify(worklet)}], { type: 'text/javascript' })))
  const source = context.createMediaStreamSource(new MediaStream(video.srcObject.getAudioTracks()))
  const beeps = new AudioWorkletNode(context, 'beeps')
  const [flashes, heard, playouts, stalls] = [[], [], [], []]
  // When a context time is processed: the output's time without the latency from there to the loudspeaker.
  const clockMs = () => {
    const { contextTime, performanceTime } = context.getOutputTimestamp()
    return performanceTime - contextTime * 1000
  }
  beeps.port.onmessage = ({ data }) => heard.push(data * 1000 + clockMs())
  source.connect(beeps)
  const canvas = new OffscreenCanvas(1, 1)
  const drawing = canvas.getContext('2d', { willReadFrequently: true })
  const middle = (values) => values.toSorted((a, b) => a - b)[values.length >> 1]
  const intervals = []
  let [wasBright, handle, lastShownMs, lastTickMs, lastClockMs] = [true, 0, 0, performance.now(), clockMs()]
  const onFrame = (now, { expectedDisplayTime }) => {
    const [w, h] = [video.videoWidth, video.videoHeight]
    drawing.drawImage(video, w * 0.85, h * 0.1, w * 0.08, h * 0.15, 0, 0, 1, 1)
    const isBright = drawing.getImageData(0, 0, 1, 1).data[0] > 215
    if (isBright && !wasBright) flashes.push(expectedDisplayTime)
    wasBright = isBright
    const gapMs = expectedDisplayTime - lastShownMs
    if (lastShownMs) intervals.push(gapMs)
    if (lastShownMs && gapMs > 1.8 * middle(intervals) + 15) stalls.push(expectedDisplayTime)
    lastShownMs = expectedDisplayTime
    handle = video.requestVideoFrameCallback(onFrame)
  }
  handle = video.requestVideoFrameCallback(onFrame)
  const watching = setInterval(() => {
    const [now, clock] = [performance.now(), clockMs()]
    if (now - lastTickMs > 80 || Math.abs(clock - lastClockMs) > 15) stalls.push(now)
    ;[lastTickMs, lastClockMs] = [now, clock]
  }, 20)
  // Both of one report: from one to the next the clock goes on.
  const notePlayout = async () => {
    const reports = [...(await peer.getStats()).values()].filter(({ type }) => type === 'inbound-rtp')
    const [sound, picture] = ['audio', 'video'].map((kind) => reports.find((report) => report.kind === kind))
    playouts.push({ atMs: performance.now(), offsetMs: sound.estimatedPlayoutTimestamp - picture.estimatedPlayoutTimestamp })
  }
  const began = performance.now()
  const settledMs = () => Math.max(began, ...stalls) + settleMs
  const pairs = () => flashes.filter((flash) => flash > settledMs()).flatMap((flash) => {
    const nearest = heard.reduce((best, beep) => Math.abs(beep - flash) < Math.abs(best - flash) ? beep : best, Infinity)
    return Math.abs(nearest - flash) < 450 ? [{ atMs: flash, differenceMs: nearest - flash }] : []
  }).slice(-count)
  const spread = (values) => Math.max(...values) - Math.min(...values)
  const result = () => {
    const last = pairs()
    const differences = last.map(({ differenceMs }) => differenceMs)
    const fromMs = last[0]?.atMs ?? settledMs()
    const settled = playouts.filter(({ atMs }) => atMs > fromMs).map(({ offsetMs }) => offsetMs)
    return { pairs: differences.length, offsetMs: middle(differences), playoutOffsetMs: middle(settled), differences,
      spreadMs: spread(differences), settledAfterMs: fromMs - began,
      counts: { flashes: flashes.length, beeps: heard.length, stalls: stalls.length, playouts: playouts.length } }
  }
  const isSettled = () => {
    const differences = pairs().map(({ differenceMs }) => differenceMs)
    return differences.length >= count && spread(differences) <= spreadMs
  }
  while (!isSettled() && performance.now() - began < timeoutMs) {
    await notePlayout()
    await new Promise((next) => setTimeout(next, 100))
  }
  clearInterval(watching)
  video.cancelVideoFrameCallback(handle)
  await context.close()
  return result()
}
`

export interface Sync {
  /** Even seconds that were measured. */
  readonly pairs: number
  /** Milliseconds by which the sound comes after the picture: the median over them. */
  readonly offsetMs: number
  /** From the earliest to the latest of them. */
  readonly spreadMs: number
  /** From the beginning of the measurement to that of what counts. */
  readonly settledAfterMs: number
  /** The same as the browser has it, on the clock of the sender. */
  readonly playoutOffsetMs: number
}

/**
 * After a seek or a stall a browser brings sound and picture together over some seconds, a little with each. While the differences
 * still move from second to second it is not through with it, wherever they move to.
 */
const [settleMs, spreadMs] = [6000, 15]

/** Measures `count` even seconds in a row, after the browser has had the time to settle; the last ones where 80 s are not enough. */
export async function measureSync(page: Page, count: number): Promise<Sync> {
  await page.evaluate(script)
  return page.evaluate<Sync>(`measureSync(${JSON.stringify({ count, settleMs, spreadMs, timeoutMs: 80_000 })})`)
}
