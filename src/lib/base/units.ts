// Bytes, durations and bitrates as people write and read them.
import { McpxError } from './errors.ts'

const byteUnits: Record<string, number> = {
  '': 1,
  b: 1,
  k: 1e3,
  kb: 1e3,
  kib: 2 ** 10,
  m: 1e6,
  mb: 1e6,
  mib: 2 ** 20,
  g: 1e9,
  gb: 1e9,
  gib: 2 ** 30,
  t: 1e12,
  tb: 1e12,
  tib: 2 ** 40,
}
const durationUnits: Record<string, number> = { '': 1, ms: 1e-3, s: 1, m: 60, min: 60, h: 3600, d: 86400 }

function parseUnit(text: string, units: Record<string, number>, what: string, example: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text)
  const unit = match?.[2]?.toLowerCase() ?? ''
  if (!match || !Object.hasOwn(units, unit))
    throw new McpxError('INVALID_OPTION', `"${text}" is not a valid ${what} (for example ${example})`)
  return Number(match[1]) * units[unit]!
}

/** `512`, `64MiB`, `1.5 GB` → bytes (an integer). */
export function parseBytes(text: string): number {
  return Math.round(parseUnit(text, byteUnits, 'size', '64MiB'))
}

/** `90`, `1.5s`, `2m`, `1:30`, `1:02:03` → seconds. */
export function parseDurationS(text: string): number {
  const clock = /^(?:(\d+):)?([0-5]?\d):([0-5]?\d(?:\.\d+)?)$/.exec(text.trim())
  if (clock) return Number(clock[1] ?? 0) * 3600 + Number(clock[2]) * 60 + Number(clock[3])
  return parseUnit(text, durationUnits, 'duration', '90s or 1:30')
}

/** A time ago (`10m`, `24h`, `7d`) or a date (ISO 8601) → whole milliseconds since the epoch, 0 for what was before. Throws INVALID_OPTION with the value. */
export function parseMoment(text: string, nowMs: number, what: string): number {
  if (/^\d{4}-\d\d-\d\d/.test(text.trim())) {
    const atMs = Date.parse(text.trim())
    if (Number.isFinite(atMs)) return Math.max(0, atMs)
  } else if (/^\s*\d+(\.\d+)?\s*(ms|s|m|min|h|d)\s*$/i.test(text))
    return Math.max(0, Math.round(nowMs - parseDurationS(text) * 1000))
  throw new McpxError('INVALID_OPTION', `${what} ${JSON.stringify(text)} is neither a time ago nor a date`, {
    hint: 'Write 10m, 24h or 7d, or a date as 2026-05-04 or 2026-05-04T12:00:00Z.',
  })
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let at = 0
  let value = bytes
  // What would be rounded up to the next unit is written in it.
  while (value >= (at === 0 ? 1024 : 1023.95) && at < units.length - 1) {
    value /= 1024
    at++
  }
  return `${at === 0 ? value : value.toFixed(value < 9.995 ? 2 : 1)} ${units[at]}`
}

/** Seconds → `m:ss` or `h:mm:ss`. */
export function formatDurationS(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const h = Math.floor(whole / 3600)
  const m = Math.floor((whole % 3600) / 60)
  const s = String(whole % 60).padStart(2, '0')
  return h > 0 ? `${h}:${String(m).padStart(2, '0')}:${s}` : `${m}:${s}`
}

export function formatBps(bps: number): string {
  return bps >= 999_500 ? `${(bps / 1e6).toFixed(2)} Mbps` : `${Math.round(bps / 1e3)} kbps`
}
