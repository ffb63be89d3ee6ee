// What went wrong, in words for the person who watches, and whether trying again by itself makes sense.
import { own } from '../shared/own.ts'

/** A failure as the page shows it. */
export interface Failure {
  readonly kind: 'temporary' | 'final' | 'token' | 'choice'
  readonly title: string
  readonly detail: string
  /** What the reader can do. */
  readonly hint: string
  /** Catalogue code of the server, or one of the page's own. */
  readonly code: string
  /** `choice`: the playable files, as `<cid>/path`. */
  readonly files?: readonly string[]
}

/** What could be read out of an answer that is no success. */
export interface RefusedAnswer {
  readonly status: number
  readonly code?: string
  readonly message?: string
  readonly hint?: string
  readonly files?: readonly string[]
}

type Words = readonly [title: string, hint: string, kind?: Failure['kind']]

const wordsByCode: Readonly<Record<string, Words>> = {
  INVALID_CID: ['This is not a CID', 'A CID looks like bafy… or Qm…; a path inside it may follow.'],
  CONTENT_NOT_FOUND: [
    'Nobody has this content',
    'Neither this server nor anybody it can reach has it. Add the file here first, or start the node that holds it.',
  ],
  CONTENT_TIMEOUT: [
    'The content is slow to arrive',
    'Somebody may have it, but it did not arrive in time. Trying again.',
    'temporary',
  ],
  CONTENT_CORRUPT: ['The content is damaged', 'A block did not match its hash and was refused.'],
  AMBIGUOUS_CONTENT: ['Which one?', 'This folder holds several playable files.', 'choice'],
  NOT_MEDIA: ['This is not media', 'It is neither video nor audio in a format that mcpx knows.'],
  MEDIA_CORRUPT: ['The file is damaged', 'It is cut short or broken. Add it again from the original.'],
  CODEC_UNSUPPORTED: ['This browser cannot play it', 'Neither the browser nor the server can handle its codec.'],
  ENCODER_MISSING: [
    'The server needs an encoder',
    'This file must be converted while it plays. Install node-av (npm install node-av) or ffmpeg on the server.',
  ],
  TRANSCODE_FAILED: [
    'The file could not be converted',
    'Converting it crashed, hung or ran out of memory, twice. The file may be damaged; the server and other streams are well.',
  ],
  UNAUTHORIZED: ['This server asks for a token', 'Enter the token of the server to go on.', 'token'],
  FORBIDDEN: ['Not allowed', 'Your token, or the address this page came from, does not allow this.'],
  RATE_LIMITED: ['Too many requests', 'The server asks for a pause. Trying again soon.', 'temporary'],
  TOO_MANY_STREAMS: ['The server is full', 'Somebody has to leave first. Trying again.', 'temporary'],
  PEER_FAILED: ['No path to the server', 'The media connection failed. Trying again.', 'temporary'],
  KUBO_UNREACHABLE: [
    'The content stopped',
    'The IPFS daemon behind the server does not answer. Trying again.',
    'temporary',
  ],
  DISK_FULL: ['The disk of the server is full', 'Free some space on the server.'],
}

const wordsByStatus: Readonly<Record<number, Words>> = {
  400: ['The server did not understand', 'The address may be wrong.'],
  401: wordsByCode.UNAUTHORIZED!,
  403: wordsByCode.FORBIDDEN!,
  404: wordsByCode.CONTENT_NOT_FOUND!,
  409: ['Not possible now', 'The stream is in a state that does not allow this.'],
  413: ['Too large', 'The request is larger than the server takes.'],
  415: ['This cannot be played', 'It is not a media file, or its codec is not supported here.'],
  422: ['The content is damaged', 'It is cut short or broken. Add it again from the original.'],
  429: wordsByCode.RATE_LIMITED!,
  502: ['The server is not reachable', 'Trying again.', 'temporary'],
  503: ['The server is busy', 'Trying again.', 'temporary'],
  504: wordsByCode.CONTENT_TIMEOUT!,
  507: wordsByCode.DISK_FULL!,
}

/** Words for an HTTP answer that refused the offer. */
export function failureOfAnswer(answer: RefusedAnswer): Failure {
  const files = answer.files ?? []
  const known = (answer.code && own(wordsByCode, answer.code)) || wordsByStatus[answer.status]
  const [title, hint, kind] = known ?? ['Something went wrong', answer.hint ?? 'The server has the details in its log.']
  const isChoice = kind === 'choice' && files.length > 0
  return {
    kind: isChoice ? 'choice' : kind === 'choice' ? 'final' : (kind ?? 'final'),
    title,
    detail: answer.message ?? `The server answered ${answer.status}.`,
    hint: kind === 'choice' && !isChoice ? (answer.hint ?? hint) : hint,
    code: answer.code ?? `HTTP_${answer.status}`,
    ...(isChoice ? { files } : {}),
  }
}

/** Words for an error note on the control channel. */
export function failureOfNote(note: { code: string; message: string; hint: string }): Failure {
  const [title, hint, kind] = own(wordsByCode, note.code) ?? ['Something went wrong', note.hint]
  return { kind: kind ?? 'final', title, detail: note.message, hint: hint || note.hint, code: note.code }
}

/** The page's own failures. */
export const failures = {
  serverGone: {
    kind: 'temporary',
    title: 'The server is gone',
    detail: 'It does not answer.',
    hint: 'Playback goes on as soon as it is back.',
    code: 'SERVER_UNREACHABLE',
  },
  connectionLost: {
    kind: 'temporary',
    title: 'Connection lost',
    detail: 'No media arrives any more.',
    hint: 'Playback goes on where it stopped as soon as the network is back.',
    code: 'CONNECTION_LOST',
  },
  blocked: {
    kind: 'temporary',
    title: 'Media cannot get through',
    detail: 'The server answers, but no WebRTC connection comes about.',
    hint:
      'A firewall or VPN probably blocks UDP, or a browser extension blocks WebRTC. Allow UDP to the server ' +
      '(its --udp-port), or ask its operator for --announce-address or a TURN server (--ice-server).',
    code: 'WEBRTC_BLOCKED',
  },
  badAnswer: {
    kind: 'final',
    title: 'This browser cannot play it',
    detail: 'The browser refused what the server answered.',
    hint: 'Try another browser, and update the server: this may be a defect of mcpx.',
    code: 'ANSWER_REFUSED',
  },
  noWebRtc: {
    kind: 'final',
    title: 'This browser has no WebRTC',
    detail: 'WebRTC is missing or switched off.',
    hint: 'Use a current Firefox, Chromium or Safari, and allow WebRTC (some extensions switch it off).',
    code: 'WEBRTC_MISSING',
  },
  noContent: {
    kind: 'final',
    title: 'Nothing to play',
    detail: 'The address of this page names no content.',
    hint: 'Choose something on the home page.',
    code: 'NO_CONTENT',
  },
} as const satisfies Record<string, Failure>

/** What to do when the server says that it closed the stream. Undefined: nothing went wrong, the viewer may start again. */
export function failureOfClose(reason: string): Failure | undefined {
  switch (reason) {
    case 'ice_failed':
    case 'dtls_failed':
    case 'timeout':
      return failures.connectionLost
    case 'server_stopped':
      return failures.serverGone
    case 'content_failed':
      return {
        kind: 'temporary',
        title: 'The content stopped',
        detail: 'The server can no longer read it.',
        hint: 'Trying again.',
        code: 'CONTENT_FAILED',
      }
    default:
      return undefined
  }
}
