// A second writer of transport-wide feedback, for tests: it takes any chunks, also those that no good receiver makes.

/** 0 not received, 1 and 2 received (with this delta in ticks of 0.25 ms, in one byte or two), 3 reserved. */
export interface Status {
  readonly symbol: 0 | 1 | 2 | 3
  readonly delta?: number
}

export type ChunkForm = 'run' | 'one-bit' | 'two-bit' | 'empty run'

export interface WrittenFeedback {
  readonly baseSequence: number
  readonly referenceTime: number
  readonly feedbackCount: number
  readonly statuses: readonly Status[]
}

/** The body from the sender's SSRC on. `forms` are tried in turn, again and again; one that cannot say it is a two-bit vector. */
export function writeFeedbackBody(feedback: WrittenFeedback, forms: readonly ChunkForm[] = ['two-bit']): Buffer {
  const { baseSequence, referenceTime, feedbackCount, statuses } = feedback
  const symbols = statuses.map(({ symbol }) => symbol)
  const bytes = [0, 0, 0, 1, 0, 0, 0, 2, ...bytesOf(baseSequence, 2), ...bytesOf(statuses.length, 2)]
  bytes.push(...bytesOf(referenceTime, 3), feedbackCount & 255)
  for (let at = 0, turn = 0; at < symbols.length; turn++) {
    const { chunk, length } = chunkOf(forms[turn % forms.length]!, symbols.slice(at))
    bytes.push(...bytesOf(chunk, 2))
    at += length
  }
  for (const { symbol, delta } of statuses) if (delta !== undefined) bytes.push(...bytesOf(delta, symbol))
  return Buffer.from(bytes)
}

function chunkOf(form: ChunkForm, symbols: readonly number[]): { chunk: number; length: number } {
  const [first = 0] = symbols
  if (form === 'empty run') return { chunk: first << 13, length: 0 }
  if (form === 'run') {
    const other = symbols.findIndex((symbol) => symbol !== first)
    const length = Math.min(0x1fff, other < 0 ? symbols.length : other)
    return { chunk: (first << 13) | length, length }
  }
  const vector = symbols.slice(0, 14)
  if (form === 'one-bit' && vector.every((symbol) => symbol <= 1))
    return { chunk: vector.reduce((chunk, symbol, i) => chunk | (symbol << (13 - i)), 0x8000), length: vector.length }
  const pairs = symbols.slice(0, 7)
  return { chunk: pairs.reduce((chunk, symbol, i) => chunk | (symbol << (12 - 2 * i)), 0xc000), length: pairs.length }
}

const bytesOf = (value: number, size: number): number[] =>
  Array.from({ length: size }, (_, i) => Math.floor(value / 2 ** (8 * (size - 1 - i))) & 255)
