// Times and names as the dashboard writes them.

const two = (value: number) => String(value).padStart(2, '0')

/** The time of day, to the second. */
export function clockText(atMs: number): string {
  const at = new Date(atMs)
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
}

/** The time of day, to the minute. */
export const minuteText = (atMs: number): string => clockText(atMs).slice(0, 5)

/** `850 ms`, `3.2 s`, `4 min 10 s`, `3 h 5 min`, `2 d 4 h`. */
export function spanText(ms: number): string {
  if (!(ms >= 0)) return '–'
  // By what is written: 59.7 s are a minute.
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`
  if (ms < 59_500) return `${(ms / 1000).toFixed(ms < 9_950 ? 1 : 0)} s`
  const seconds = ms < 60_000 ? 60 : Math.floor(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
  return `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`
}

/** Only the greatest unit, for where there is little room. */
export const shortSpanText = (ms: number): string => spanText(ms).split(' ').slice(0, 2).join(' ')

export function bytesText(bytes: number): string {
  const [kib, mib] = [Math.round(bytes / 2 ** 10), Math.round(bytes / 2 ** 20)]
  if (kib < 1024) return `${kib} KiB`
  return mib < 1024 ? `${mib} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`
}

/** `ice_state_change` → `ICE state change`, `very_high` → `Very high`. */
export function plainName(name: string): string {
  const text = name
    .replaceAll('_', ' ')
    .replace(/\bice\b/g, 'ICE')
    .replace(/\bdtls\b/g, 'DTLS')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** `from new, to checking`. */
export function detailsText(details: unknown): string {
  if (typeof details !== 'object' || details === null) return ''
  const { from, to, ...rest } = details as Record<string, unknown>
  const isChange = from !== undefined && to !== undefined
  const change = isChange ? [`${plainText(from)} → ${plainText(to)}`] : []
  const others = Object.entries(isChange ? rest : details).map(
    ([name, value]) => `${name.replaceAll('_', ' ')} ${plainText(value)}`,
  )
  return [...change, ...others].join(', ').slice(0, 500)
}

function plainText(value: unknown): string {
  if (typeof value === 'object') return JSON.stringify(value)
  const text = String(value)
  // One of our own words; anything else stands as it is.
  return /^[a-z]+(_[a-z]+)+$/.test(text) ? text.replaceAll('_', ' ') : text
}

/** `12,500`, `3.25`, `0.00125`: two places at the most, below 1 three digits that count. */
export function numberText(value: number): string {
  const isSmall = value !== 0 && Math.abs(value) < 1
  return value.toLocaleString('en', isSmall ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 2 })
}

/** A value of a plugin, with its unit; `–` where it is not known. */
export function valueText(value: string | number | boolean | null, unit = ''): string {
  if (value === null) return '–'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  const text = typeof value === 'number' ? numberText(value) : value
  return unit === '' ? text : `${text} ${unit}`
}
