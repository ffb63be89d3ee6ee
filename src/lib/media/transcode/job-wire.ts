// A transcode job over a byte stream: messages of JSON and bytes, each with the lengths of both before it. What comes from a
// process is not trusted: content may have taken it over.
import type { Socket } from 'node:net'
import { McpxError } from '../../base/errors.ts'
import { wordsOf } from '../../base/plain-text.ts'
import type { TranscodeInput, TranscodeOutput } from '../../protocol/media-plane.ts'
import type { JobPort } from './job-port.ts'

const prefixBytes = 8
const maxHeadBytes = 2 ** 20
/** A second of media; more is nonsense. */
const maxBodyBytes = 64 * 2 ** 20
const maxFrames = 4096

interface Message {
  readonly head: unknown
  readonly body: Uint8Array
}

const nothing = new Uint8Array(0)

/** The pieces of a message, not joined: the body is not copied. */
export function encodeMessage(head: unknown, body: Uint8Array = nothing): Uint8Array[] {
  const text = Buffer.from(JSON.stringify(head))
  const prefix = Buffer.alloc(prefixBytes)
  prefix.writeUInt32BE(text.byteLength, 0)
  prefix.writeUInt32BE(body.byteLength, 4)
  return body.byteLength > 0 ? [Buffer.concat([prefix, text]), body] : [Buffer.concat([prefix, text])]
}

/** Reads a stream as it comes: give bytes, take the messages that they completed. Throws INTERNAL on nonsense. */
export function createMessageReader(): { push(bytes: Uint8Array): Message[] } {
  const prefix = Buffer.alloc(prefixBytes)
  let message: Uint8Array | undefined
  let filled = 0

  function begin(): Uint8Array {
    const [head, body] = [prefix.readUInt32BE(0), prefix.readUInt32BE(4)]
    if (head > maxHeadBytes || body > maxBodyBytes) throw nonsense()
    return new Uint8Array(head + body)
  }

  function finish(bytes: Uint8Array): Message {
    const at = prefix.readUInt32BE(0)
    try {
      return { head: JSON.parse(Buffer.from(bytes.buffer, 0, at).toString()) as unknown, body: bytes.subarray(at) }
    } catch (cause) {
      throw nonsense(cause)
    }
  }

  return {
    push(bytes) {
      const messages: Message[] = []
      for (let at = 0; at < bytes.byteLength; ) {
        const target = message ?? prefix
        const piece = bytes.subarray(at, at + target.byteLength - filled)
        target.set(piece, filled)
        filled += piece.byteLength
        at += piece.byteLength
        if (filled < target.byteLength) break
        filled = 0
        if (message) messages.push(finish(message))
        message = message ? undefined : begin()
      }
      return messages
    },
  }
}

const nonsense = (cause?: unknown) =>
  new McpxError('INTERNAL', 'what a transcode process said makes no sense', { cause })

/** The asker's end. What makes no sense closes it. */
export const askerPort = (socket: Socket): JobPort<TranscodeInput, TranscodeOutput> =>
  portOf(socket, (input) => encodeMessage(input), parseOutput)

/** The end of the process that makes the segments. */
export const makerPort = (socket: Socket): JobPort<TranscodeOutput, TranscodeInput> =>
  portOf(
    socket,
    (output) => {
      if (output.t !== 'segment') return encodeMessage(output)
      const { slab, ...head } = output
      return encodeMessage(head, slab)
    },
    ({ head }) => head as TranscodeInput,
  )

function portOf<Out, In>(
  socket: Socket,
  encode: (message: Out) => Uint8Array[],
  parse: (message: Message) => In,
): JobPort<Out, In> {
  return {
    postMessage(message) {
      if (!socket.writable) return
      socket.cork()
      for (const piece of encode(message)) socket.write(piece)
      socket.uncork()
    },
    onMessage(listener) {
      const reader = createMessageReader()
      socket.on('data', (bytes: Uint8Array) => {
        try {
          for (const message of reader.push(bytes)) listener(parse(message))
        } catch {
          socket.destroy()
        }
      })
      socket.resume()
    },
    onClose: (listener) => void (socket.destroyed ? listener() : socket.once('close', listener)),
    // What was written goes first; the other side answers an end with its own.
    close: () => socket.end(),
  }
}

/** Throws INTERNAL when it is nothing that a transcode makes. */
export function parseOutput({ head, body }: Message): TranscodeOutput {
  const { t, ...said } = (head ?? {}) as Record<string, unknown>
  if (t === 'failed') return { t, error: errorOf(said.error) }
  const { index, startS, endS, isLast, frames } = said
  const isSegment =
    t === 'segment' && isCount(index) && isNumber(startS) && isNumber(endS) && typeof isLast === 'boolean'
  if (!isSegment || !Array.isArray(frames) || frames.length > maxFrames) throw nonsense()
  return { t, index, startS, endS, isLast, slab: body, frames: frames.map((frame) => frameOf(frame, body)) }
}

function frameOf(frame: unknown, { byteLength }: Uint8Array) {
  const { timeS, durationS, isKey, offset, length } = (frame ?? {}) as Record<string, unknown>
  const isTimed = isNumber(timeS) && isNumber(durationS) && durationS >= 0
  if (!isTimed || !isCount(offset) || !isCount(length) || offset + length > byteLength) throw nonsense()
  return { timeS, durationS, isKey: isKey === true, offset, length }
}

function errorOf(error: unknown) {
  const { code, message, hint } = (error ?? {}) as Record<string, unknown>
  const text = (value: unknown) => wordsOf(value ?? '').slice(0, 2000)
  // fromErrorRecord makes INTERNAL of a code that is none.
  return { code: text(code) as 'INTERNAL', message: text(message), hint: text(hint) }
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
