// The Range header (RFC 9110 section 14): one range of bytes, everything, or nothing that fits.

/** Bytes [start, end) to send with 206, `all` with 200, or `none` with 416. */
type RangeAnswer =
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'none' }

const all: RangeAnswer = { kind: 'all' }
const none: RangeAnswer = { kind: 'none' }

/**
 * What to send of `sizeBytes`. A header that is not understood, another unit and several ranges are answered with everything,
 * as the RFC allows; a range that begins after the end with `none`.
 */
export function parseRange(header: string | undefined, sizeBytes: number): RangeAnswer {
  const match = /^bytes=\s*(\d{0,16})-(\d{0,16})\s*$/i.exec(header ?? '')
  if (!match || (match[1] === '' && match[2] === '')) return all
  if (match[1] === '') {
    const length = Math.min(Number(match[2]), sizeBytes)
    return length === 0 ? none : { kind: 'part', start: sizeBytes - length, end: sizeBytes }
  }
  const start = Number(match[1])
  const last = match[2] === '' ? sizeBytes - 1 : Number(match[2])
  if (match[2] !== '' && last < start) return all
  if (start >= sizeBytes) return none
  return { kind: 'part', start, end: Math.min(last + 1, sizeBytes) }
}

/** Whether one of the tags of an If-None-Match (or If-Range) header is this one; weak tags count, `*` is any. */
export function matchesTag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  return header.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)
}
