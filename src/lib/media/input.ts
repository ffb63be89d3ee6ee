// One opened container: mediabunny over our ByteSources, with its failures in our words and every wait bounded.
import {
  ALL_FORMATS,
  BufferSource,
  CustomPathedSource,
  CustomSource,
  Input,
  InputDisposedError,
  Logging,
  LogLevel,
  type Source,
  UnsupportedInputFormatError,
} from 'mediabunny'
import type { Clock } from '../base/clock.ts'
import { withDeadline } from '../base/deadline.ts'
import { McpxError } from '../base/errors.ts'
import { threadSlice } from '../base/time-slice.ts'
import type { ByteSource } from '../model/source.ts'
import { guardSampleTables } from './isobmff-guard.ts'

// What it has to say comes as errors; stdout and stderr are the program's.
Logging.level = LogLevel.Silent
guardSampleTables()

/** The files of one piece of content and which of them to open; what a SourceRef becomes where bytes can be read. */
export interface MediaFiles {
  /** Identity for caches: the root CID and path. */
  readonly id: string
  /** Path of the file to open. */
  readonly entry: string
  /** A file by its path. Rejects with an McpxError when there is none. */
  open(path: string): Promise<ByteSource> | ByteSource
}

export interface OpenMediaOptions {
  readonly clock: Clock
  readonly signal?: AbortSignal
  /** Bound of opening the whole, and of each operation after it. Default 30 s. */
  readonly timeoutMs?: number
  /** Bytes of read-ahead kept for each file. Default 4 MiB. */
  readonly cacheBytes?: number
}

/** A mediabunny Input and what is needed to use it safely. */
export interface OpenInput {
  readonly input: Input
  readonly id: string
  /** Runs `work` on the input: bounded in time, abortable, and rejecting only with McpxErrors (or the signal's reason). */
  run<T>(what: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T>
  /** To be awaited between steps of long work: lets timers and other work run when it is their turn. */
  pause(): Promise<void> | undefined
  close(): void
}

const playlistName = /\.m3u8?$/i
/** No container is recognised by less. */
const smallestMediaBytes = 12
const maxPlaylistBytes = 4 * 2 ** 20
/** The demuxer compares each variant with every other, in one go. */
const maxVariants = 256
const defaultTimeoutMs = 30_000
const defaultCacheBytes = 4 * 2 ** 20

/** Opens without reading; the first `run` reads. */
export function openInput(files: MediaFiles, options: OpenMediaOptions): OpenInput {
  const { clock, timeoutMs = defaultTimeoutMs, cacheBytes = defaultCacheBytes } = options
  const closing = new AbortController()
  const opened = new Set<ByteSource>()
  let readFailure: McpxError | undefined

  async function openFile(path: string): Promise<Source> {
    const bytes = await files.open(path)
    opened.add(bytes)
    if (closing.signal.aborted) closeFile(bytes)
    // mediabunny asks for the first bytes without asking how many there are: where they are fewer, its own assertion fails.
    const isWhole = playlistName.test(path) || bytes.sizeBytes < smallestMediaBytes
    return isWhole ? readWhole(path, bytes) : toCustomSource(bytes)
  }

  /** Playlists are small and read whole (mediabunny's HLS reader fails on a source that it must ask for its size). */
  async function readWhole(path: string, bytes: ByteSource): Promise<BufferSource> {
    try {
      if (bytes.sizeBytes > maxPlaylistBytes)
        throw new McpxError(
          'MEDIA_CORRUPT',
          `the playlist ${path} has ${bytes.sizeBytes} bytes (at most ${maxPlaylistBytes})`,
        )
      const text = await bytes.read(0, bytes.sizeBytes, { signal: closing.signal })
      checkPlaylist(path, text)
      return new BufferSource(text)
    } finally {
      closeFile(bytes)
    }
  }

  /** Remembers why a read failed: the demuxer above may turn it into something else. */
  async function guard<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      if (error instanceof McpxError) readFailure = error
      throw error
    }
  }

  function closeFile(bytes: ByteSource): void {
    if (opened.delete(bytes)) bytes.close()
  }

  function toCustomSource(bytes: ByteSource): CustomSource {
    return new CustomSource({
      getSize: () => bytes.sizeBytes,
      read: (start, end) => guard(bytes.read(start, end, { signal: closing.signal })),
      dispose: () => closeFile(bytes),
      maxCacheSize: Math.min(cacheBytes, Math.max(64 * 1024, bytes.sizeBytes)),
      prefetchProfile: 'network',
      handleUnhandledError: () => {},
    })
  }

  const input = new Input({
    source: new CustomPathedSource(files.entry, ({ path }) => guard(openFile(path)).catch(failingSource)),
    formats: ALL_FORMATS,
    formatOptions: { hls: { offsetTimestampsByDateTime: false } },
  })

  async function run<T>(what: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    readFailure = undefined
    const timedOut = () =>
      new McpxError('CONTENT_TIMEOUT', `${what} of ${files.id} took longer than ${timeoutMs / 1000} s`)
    try {
      return await withDeadline(clock, timeoutMs, signal, work, timedOut)
    } catch (error) {
      if (signal?.aborted && error === signal.reason) throw error
      throw toMediaError(error, what)
    }
  }

  function toMediaError(error: unknown, what: string): McpxError {
    if (error instanceof McpxError) return error
    if (readFailure) return readFailure
    if (error instanceof UnsupportedInputFormatError)
      return new McpxError('NOT_MEDIA', `${files.id} is not a media file`, { cause: error })
    if (error instanceof InputDisposedError || closing.signal.aborted)
      return new McpxError('INTERRUPTED', `${what} of ${files.id} ended because the file was closed`)
    const message = error instanceof Error ? error.message : String(error)
    return new McpxError('MEDIA_CORRUPT', `${what} of ${files.id} failed: ${message.slice(0, 200)}`, { cause: error })
  }

  return {
    input,
    id: files.id,
    run,
    pause: () => threadSlice.turn(),
    close() {
      if (closing.signal.aborted) return
      closing.abort(new McpxError('INTERRUPTED', `${files.id} was closed`))
      input.dispose()
      for (const bytes of [...opened]) closeFile(bytes)
    },
  }
}

function checkPlaylist(path: string, bytes: Uint8Array): void {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  const variants = text.match(/^[ \t]*#EXT-X-(?:STREAM-INF|MEDIA|I-FRAME-STREAM-INF):/gm)?.length ?? 0
  if (variants > maxVariants)
    throw new McpxError('MEDIA_CORRUPT', `the playlist ${path} has ${variants} variants (at most ${maxVariants})`)
}

/**
 * A file that cannot be opened, as a source whose reads say so: mediabunny 1.61 leaves a rejected request unhandled when the
 * input is disposed, which ends the thread with every stream in it.
 */
function failingSource(error: unknown): CustomSource {
  const fail = () => Promise.reject(error)
  return new CustomSource({ getSize: () => 1, read: fail, handleUnhandledError: () => {} })
}

interface RangeReader {
  requestSlice(start: number, length: number): unknown
  requestSliceRange(start: number, minLength: number, maxLength: number): unknown
}

let isSlicing = false

/**
 * mediabunny 1.61 reads what it has in memory without ever leaving the thread to others: a search in a long MPEG-TS or
 * Matroska file took seconds at once. Every reader of every input takes turns from the first call on.
 */
function takeTurns(input: Input): void {
  const reader = (input as unknown as { _reader?: RangeReader })._reader
  if (!reader || isSlicing) return
  isSlicing = true
  const prototype = Object.getPrototypeOf(reader) as RangeReader
  const { requestSlice } = prototype
  prototype.requestSlice = function (start, length) {
    const result = requestSlice.call(this, start, length)
    const turn = threadSlice.turn()
    // A read that fails is heard of at once: nobody would be listening to it later.
    return turn ? Promise.all([result, turn]).then(([slice]) => slice) : result
  }
}

/**
 * mediabunny 1.61 scans damaged Matroska for the next element and never ends when exactly 8 bytes are left. To be called
 * when the format is known: such a scan is then told that nothing is left.
 */
export function endMatroskaScans(input: Input): void {
  takeTurns(input)
  const reader = (input as unknown as { _reader?: RangeReader })._reader
  if (!reader) return
  const request = reader.requestSliceRange.bind(reader)
  const longEnough = (slice: unknown) => ((slice as { length?: number } | null)?.length ?? 0) > 8
  reader.requestSliceRange = (start, minLength, maxLength) => {
    const result = request(start, minLength, maxLength)
    if (minLength > 0) return result
    if (result instanceof Promise) return result.then((slice) => (longEnough(slice) ? slice : null))
    return longEnough(result) ? result : null
  }
}
