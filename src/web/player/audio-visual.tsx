// What is seen where there is nothing to see: bars that follow the sound, or stand still where motion is not wanted.
import { useEffect, useRef } from 'preact/hooks'

const barCount = 40
const lowestBin = 2

/** Draws the spectrum of `stream` until the returned function is called. */
function drawSpectrum(canvas: HTMLCanvasElement, stream: MediaStream): () => void {
  const pen = canvas.getContext('2d')
  if (!pen) return () => undefined
  const audio = new AudioContext()
  const analyser = new AnalyserNode(audio, { fftSize: 1024, smoothingTimeConstant: 0.82 })
  audio.createMediaStreamSource(stream).connect(analyser)
  // Without a gesture the browser keeps the context asleep: the bars rest until there is one.
  const wake = () => void audio.resume()
  document.addEventListener('pointerdown', wake)
  document.addEventListener('keydown', wake)
  const bins = new Uint8Array(analyser.frequencyBinCount)
  let handle = 0
  const draw = () => {
    const { width, height } = canvas
    analyser.getByteFrequencyData(bins)
    pen.clearRect(0, 0, width, height)
    pen.fillStyle = getComputedStyle(canvas).color
    const step = width / barCount
    for (let i = 0; i < barCount; i++) {
      // Octaves are equally wide: low bins each have a bar, high ones share.
      const bin = Math.min(bins.length - 1, Math.round(lowestBin * (bins.length / 2 / lowestBin) ** (i / barCount)))
      const level = Math.max(0.02, bins[bin]! / 255)
      const barHeight = level * height * 0.94
      pen.beginPath()
      pen.roundRect(i * step + step * 0.2, (height - barHeight) / 2, step * 0.6, barHeight, step * 0.3)
      pen.fill()
    }
    handle = requestAnimationFrame(draw)
  }
  draw()
  return () => {
    cancelAnimationFrame(handle)
    document.removeEventListener('pointerdown', wake)
    document.removeEventListener('keydown', wake)
    void audio.close()
  }
}

interface Props {
  readonly stream: MediaStream | undefined
  readonly isPlaying: boolean
  readonly title: string
}

export function AudioVisual({ stream, isPlaying, title }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    if (!canvas.current || !stream || stream.getAudioTracks().length === 0) return
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return
    return drawSpectrum(canvas.current, stream)
  }, [stream])
  return (
    <div class={`audio-visual${isPlaying ? ' is-playing' : ''}`} aria-hidden="true">
      <div class="disc" />
      <canvas ref={canvas} width={960} height={260} />
      <p>{title}</p>
    </div>
  )
}
