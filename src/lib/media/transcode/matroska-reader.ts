// Just enough Matroska (RFC 9559) to read what an ffmpeg writes into its pipe: one track, live. A demuxer that works on files cannot:
// it waits for more bytes than the segment at hand has.
import { McpxError } from '../../base/errors.ts'

const ids = {
  segment: 0x18538067,
  cluster: 0x1f43b675,
  timestamp: 0xe7,
  simpleBlock: 0xa3,
  blockGroup: 0xa0,
  block: 0xa1,
} as const

interface Block {
  readonly timeS: number
  readonly isKey: boolean
  readonly data: Uint8Array
}

/** Larger elements than this are no media frame of ours. */
const maxElementBytes = 16 * 2 ** 20

const inside: ReadonlySet<number> = new Set([ids.segment, ids.cluster, ids.blockGroup])
const read: ReadonlySet<number> = new Set([ids.timestamp, ids.simpleBlock, ids.block])

/** Reads a stream of Matroska as it comes: give bytes, take the blocks that they completed. Throws INTERNAL on nonsense. */
export function createMatroskaReader(): { push(bytes: Uint8Array): Block[] } {
  let pending: Buffer = Buffer.alloc(0)
  let clusterMs = 0
  let skip = 0

  /** A variable-size integer at `at`: its value, with or without the length marker, and its length; undefined when cut off. */
  function variable(
    at: number,
    keepMarker: boolean,
  ): { value: number; length: number; isUnknown: boolean } | undefined {
    const first = pending[at]
    if (first === undefined) return undefined
    const length = Math.clz32(first) - 23
    if (length > 8) throw new McpxError('INTERNAL', 'ffmpeg wrote no Matroska')
    if (at + length > pending.length) return undefined
    let value = keepMarker ? first : first & (0xff >> length)
    let isUnknown = (first | (0xff00 >> length)) === (0xff00 >> length) + (0xff >> length)
    for (let i = 1; i < length; i++) {
      value = value * 256 + pending[at + i]!
      isUnknown &&= pending[at + i] === 0xff
    }
    return { value, length, isUnknown }
  }

  function blockOf(content: Buffer, id: number): Block {
    const timeS = (clusterMs + content.readInt16BE(1)) / 1000
    const isKey = id === ids.simpleBlock ? (content[3]! & 0x80) !== 0 : false
    return { timeS, isKey, data: Uint8Array.from(content.subarray(4)) }
  }

  /** Whether what is to be skipped is past. */
  function skipPast(): boolean {
    const now = Math.min(skip, pending.length)
    pending = pending.subarray(now)
    skip -= now
    return skip === 0
  }

  /** Takes one element off the front, as far as that is needed of it; false when more bytes are. */
  function takeElement(blocks: Block[]): boolean {
    const id = variable(0, true)
    const size = id && variable(id.length, false)
    if (!id || !size) return false
    const start = id.length + size.length
    if (inside.has(id.value)) {
      pending = pending.subarray(start)
      return true
    }
    if (size.isUnknown || size.value > maxElementBytes) throw new McpxError('INTERNAL', 'ffmpeg wrote no Matroska')
    if (!read.has(id.value)) {
      pending = pending.subarray(start)
      skip = size.value
      return true
    }
    if (start + size.value > pending.length) return false
    takeContent(id.value, pending.subarray(start, start + size.value), blocks)
    pending = pending.subarray(start + size.value)
    return true
  }

  function takeContent(id: number, content: Buffer, blocks: Block[]): void {
    if (id === ids.timestamp) clusterMs = content.reduce((value, byte) => value * 256 + byte, 0)
    else if (content.length > 4) blocks.push(blockOf(content, id))
  }

  return {
    push(bytes) {
      const blocks: Block[] = []
      pending = pending.length === 0 ? Buffer.from(bytes) : Buffer.concat([pending, bytes])
      while (skipPast() && takeElement(blocks));
      return blocks
    },
  }
}
