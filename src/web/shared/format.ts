// Times, rates and sizes as the player writes them.
import { own } from './own.ts'

const wholeSeconds = (seconds: number): number => (Number.isFinite(seconds) ? Math.max(0, Math.floor(seconds)) : 0)

/** Seconds → `m:ss`, or `h:mm:ss` from an hour on. */
export function formatTime(seconds: number): string {
  const whole = wholeSeconds(seconds)
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor((whole % 3600) / 60)
  const rest = String(whole % 60).padStart(2, '0')
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`
}

/** Seconds as a screen reader says them: `1 minute 5 seconds`. */
export function speakTime(seconds: number): string {
  const whole = wholeSeconds(seconds)
  const parts: string[] = []
  const add = (count: number, unit: string) => {
    if (count > 0) parts.push(`${count} ${unit}${count === 1 ? '' : 's'}`)
  }
  add(Math.floor(whole / 3600), 'hour')
  add(Math.floor((whole % 3600) / 60), 'minute')
  add(whole % 60, 'second')
  return parts.join(' ') || '0 seconds'
}

export function formatBitrate(bps: number): string {
  if (bps >= 9_950_000) return `${Math.round(bps / 1e6)} Mbps`
  return bps >= 950_000 ? `${(bps / 1e6).toFixed(1)} Mbps` : `${Math.round(bps / 1000)} kbps`
}

const codecNames: Readonly<Record<string, string>> = {
  h264: 'H.264',
  avc: 'H.264',
  h265: 'H.265',
  hevc: 'H.265',
  opus: 'Opus',
  vorbis: 'Vorbis',
}

/** A codec as people write it, whatever the source calls it: `opus` → Opus, `pcm-s16` → PCM. */
export function formatCodec(name: string): string {
  const plain = name.toLowerCase()
  return own(codecNames, plain) ?? (plain.startsWith('pcm') ? 'PCM' : name.toUpperCase())
}

/** The name of a file, else the start and end of a CID, for places too narrow for all of it. */
export function shortContent(content: string): string {
  const [cid = '', ...path] = content.split('/').filter((part) => part !== '')
  const head = cid.length > 20 ? `${cid.slice(0, 9)}…${cid.slice(-6)}` : cid
  return path.length > 0 ? `${path.at(-1)}` : head
}
