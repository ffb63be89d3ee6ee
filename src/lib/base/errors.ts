// Every failure a user can meet: one table of code → exit code, HTTP status and what to do about it.
import { wordsOf } from './plain-text.ts'
import { see } from './troubleshooting.ts'

interface ErrorKind {
  /** What the process exits with when this error ends a command. */
  readonly exit: number
  /** What an HTTP route answers, outside the dialect routes that always answer 200. */
  readonly status: number
  /** What the reader can do; shown under the message. */
  readonly hint: string
}

export const exitCodes = {
  ok: 0,
  error: 1,
  usage: 2,
  cannotConnect: 3,
  notAllowed: 4,
  thresholdsFailed: 99,
  interrupted: 130,
} as const

export const errorKinds = {
  INVALID_OPTION: { exit: 2, status: 400, hint: 'See `mcpx <command> --help` for the accepted values.' },
  INVALID_CONFIG: {
    exit: 2,
    status: 400,
    hint: 'Check the file named by --config; keys are the long option names in camelCase.',
  },
  OPEN_BIND_REFUSED: {
    exit: 2,
    status: 400,
    hint: 'Set MCPX_TOKEN (or --auth-token) to 16 characters or more, listen on 127.0.0.1, or say --insecure if the network is trusted.',
  },
  INVALID_CID: {
    exit: 2,
    status: 400,
    hint: 'Give a CID (bafy… or Qm…), ipfs://<cid>/path, /ipfs/<cid>, /ipns/<name> or a gateway URL.',
  },
  CONTENT_NOT_FOUND: {
    exit: 1,
    status: 404,
    hint: 'Nobody reachable has it. Add it first, name a daemon with --ipfs-api, or drop --offline so that gateways are asked.',
  },
  CONTENT_TIMEOUT: {
    exit: 1,
    status: 504,
    hint: 'The content did not arrive in time. Try again, or name a faster source with --gateway or --ipfs-api.',
  },
  CONTENT_CORRUPT: {
    exit: 1,
    status: 422,
    hint: 'A block does not match its hash. It was refused; another source may have the right one.',
  },
  AMBIGUOUS_CONTENT: {
    exit: 2,
    status: 409,
    hint: 'The directory holds several playable files: add the path of one, for example <cid>/<file>.',
  },
  NOT_MEDIA: {
    exit: 1,
    status: 415,
    hint: 'mcpx plays MP4, MOV, MKV, WebM, Ogg, MP3, WAV, FLAC, ADTS, MPEG-TS and HLS.',
  },
  MEDIA_CORRUPT: {
    exit: 1,
    status: 422,
    hint: 'The file is truncated or damaged. Check it with ffprobe, and add it again.',
  },
  CODEC_UNSUPPORTED: { exit: 1, status: 415, hint: 'Neither the viewer nor an encoder here can handle this codec.' },
  ENCODER_MISSING: {
    exit: 1,
    status: 415,
    hint: `This content must be transcoded. Install the optional dependency \`node-av\` (npm install node-av), or put ffmpeg on the PATH. ${see('a-stream-cannot-be-opened-closed-or-changed')}`,
  },
  TRANSCODE_FAILED: {
    exit: 1,
    status: 422,
    hint: `FFmpeg crashed, hung or ran out of memory on this content, twice; other streams are not concerned. Check the file with ffprobe. ${see('a-stream-cannot-be-opened-closed-or-changed')}`,
  },
  INVALID_REQUEST: { exit: 1, status: 400, hint: 'The request does not have the expected form; see /openapi.json.' },
  INVALID_JSON: { exit: 1, status: 400, hint: 'Send one JSON object.' },
  INVALID_SDP: { exit: 1, status: 400, hint: 'Send a complete SDP offer with at least one audio or video section.' },
  MESSAGE_TOO_LARGE: { exit: 1, status: 413, hint: 'Send less at once.' },
  RATE_LIMITED: { exit: 1, status: 429, hint: 'Too many requests; wait a little, or raise --rate-limit.' },
  UNAUTHORIZED: { exit: 4, status: 401, hint: 'Give the token of the server with --token or MCPX_TOKEN.' },
  FORBIDDEN: {
    exit: 4,
    status: 403,
    hint: 'The token or the origin does not allow this; see --allowed-host and --allowed-origin.',
  },
  NOT_FOUND: { exit: 1, status: 404, hint: 'There is nothing at this address.' },
  MONITOR_OFF: {
    exit: 1,
    status: 404,
    hint: `Start it without --disable-webrtc-monitor. ${see('the-dashboard-says-that-the-monitor-is-off')}`,
  },
  STREAM_NOT_FOUND: {
    exit: 1,
    status: 404,
    hint: 'The stream has ended or never was; list the open ones with GET /api/v0/webrtc/connections.',
  },
  STREAM_CONFLICT: { exit: 1, status: 409, hint: 'The stream is in a state that does not allow this.' },
  TOO_MANY_STREAMS: { exit: 1, status: 503, hint: 'The server is full; close a stream or raise its limits.' },
  TOO_MANY_FILES: {
    exit: 1,
    status: 503,
    hint: `The process has as many files and connections open as it may. Raise its limit (ulimit -n, LimitNOFILE=), or lower --max-connections and --max-streams. ${see('the-server-is-full')}`,
  },
  PEER_FAILED: {
    exit: 3,
    status: 502,
    hint: `No path between viewer and server (ICE or DTLS failed). Check UDP, --announce-address and --ice-server. ${see('it-does-not-play')}`,
  },
  SERVER_UNREACHABLE: { exit: 3, status: 502, hint: 'Start one with `mcpx serve`, or name it with --server.' },
  KUBO_UNREACHABLE: { exit: 3, status: 502, hint: 'Start the daemon (`ipfs daemon`) or correct --ipfs-api.' },
  PORT_IN_USE: {
    exit: 1,
    status: 500,
    hint: 'Another program listens there. Choose another --port, or 0 for a free one.',
  },
  REPO_LOCKED: {
    exit: 1,
    status: 500,
    hint: 'Another mcpx uses this repo. Stop it, use it with --server, or choose another --persistence-path.',
  },
  REPO_VERSION: {
    exit: 1,
    status: 500,
    hint: 'The repo was written by a newer mcpx. Update mcpx or choose another --persistence-path.',
  },
  REPO_DAMAGED: {
    exit: 1,
    status: 500,
    hint: 'Start mcpx again: what can be made again is. Otherwise restore the file from a backup, or choose another --persistence-path.',
  },
  BROWSER_FAILED: {
    exit: 1,
    status: 500,
    hint: 'Start the browser by hand to see whether it works, or name another one with --browser-path.',
  },
  DISK_FULL: { exit: 1, status: 507, hint: 'Free some space, or lower --disk-cache-size.' },
  INTERRUPTED: { exit: 130, status: 499, hint: '' },
  INTERNAL: { exit: 1, status: 500, hint: 'This is a defect of mcpx. Run again with --debug and report what it says.' },
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof errorKinds

/** A failure with a code. `message` names the value at fault; code, hint, exit code and status come from the table. */
export class McpxError extends Error {
  override readonly name = 'McpxError'
  readonly code: ErrorCode
  readonly hint: string
  readonly exit: number
  readonly status: number

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    const kind: ErrorKind = errorKinds[code]
    this.code = code
    this.hint = options.hint ?? kind.hint
    this.exit = kind.exit
    this.status = kind.status
  }
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorKinds, value)
}

/** SQLITE_FULL; SQLITE_CORRUPT and SQLITE_NOTADB (https://sqlite.org/rescode.html); the extended codes have more in the upper bits. */
const sqliteFull = 13
const sqliteDamaged = [11, 26]

/** Any thrown value as an McpxError: known system errors get their code, the rest is INTERNAL. */
export function toMcpxError(thrown: unknown): McpxError {
  if (thrown instanceof McpxError) return thrown
  const error = thrown instanceof Error ? thrown : new Error(wordsOf(thrown))
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }
  const sqlite = code === 'ERR_SQLITE_ERROR' ? Number(errcode) & 0xff : undefined
  if (sqlite !== undefined && sqliteDamaged.includes(sqlite))
    return new McpxError('REPO_DAMAGED', `a database of the repo is damaged: ${error.message}`, { cause: error })
  if (code === 'ENOSPC' || code === 'EDQUOT' || sqlite === sqliteFull)
    return new McpxError('DISK_FULL', `no space left: ${error.message}`, { cause: error })
  if (code === 'EMFILE' || code === 'ENFILE') return new McpxError('TOO_MANY_FILES', error.message, { cause: error })
  if (code === 'EADDRINUSE') return new McpxError('PORT_IN_USE', error.message, { cause: error })
  if (error.name === 'AbortError') return new McpxError('INTERRUPTED', 'interrupted', { cause: error })
  if (error.name === 'TimeoutError') return new McpxError('CONTENT_TIMEOUT', 'timed out', { cause: error })
  return new McpxError('INTERNAL', error.message, { cause: error })
}

/** The form in which an error crosses a process, worker or network border: no stack, no cause. */
export interface ErrorRecord {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string
}

export function toErrorRecord(thrown: unknown): ErrorRecord {
  const { code, message, hint } = toMcpxError(thrown)
  return { code, message, hint }
}

/** Failures of the machine, whose messages may name files. */
const machineCodes: readonly ErrorCode[] = [
  'INTERNAL',
  'DISK_FULL',
  'TOO_MANY_FILES',
  'REPO_DAMAGED',
  'REPO_LOCKED',
  'REPO_VERSION',
  'PORT_IN_USE',
]

/** The form for a viewer or a client: where things lie on this machine is none of their business. The log has the whole of it. */
export function toPublicRecord(thrown: unknown): ErrorRecord {
  const record = toErrorRecord(thrown)
  return machineCodes.includes(record.code) ? { ...record, message: 'the server could not do this' } : record
}

export function fromErrorRecord(record: ErrorRecord): McpxError {
  return new McpxError(isErrorCode(record.code) ? record.code : 'INTERNAL', record.message, { hint: record.hint })
}
