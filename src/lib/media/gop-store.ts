// Packetized GOPs of many renditions within a bound of bytes; the least recently used goes first.
import type { PacketizedGop } from '../model/frame.ts'

interface GopStore {
  readonly bytes: number
  readonly entries: number
  /** The GOP that starts exactly there, now the most recently used. */
  get(renditionId: string, startS: number): PacketizedGop | undefined
  /** The GOP (its piece with the key frame) that a seek to `timeS` lands on, when it is known for certain. */
  at(renditionId: string, timeS: number): PacketizedGop | undefined
  /** Keeps a GOP, unless it alone is over the bound. `isFirst` when nothing is before it. */
  put(renditionId: string, gop: PacketizedGop, isFirst: boolean): void
}

/** What is kept of one rendition. `starts` are the keys of `byStart` in ascending order. */
interface Shelf {
  readonly id: string
  readonly byStart: Map<number, Entry>
  readonly starts: number[]
  firstS?: number
}

interface Entry {
  readonly shelf: Shelf
  readonly gop: PacketizedGop
  readonly bytes: number
}

/** What the objects about the bytes take, roughly. */
const frameOverheadBytes = 160
const payloadOverheadBytes = 120

function costOf(gop: PacketizedGop): number {
  const payloads = gop.frames.reduce((sum, frame) => sum + frame.payloads.length, 0)
  return gop.byteLength + gop.frames.length * frameOverheadBytes + payloads * payloadOverheadBytes
}

/** Index of the last start at or before `timeS`; -1 when there is none. */
function placeOf(starts: readonly number[], timeS: number): number {
  let low = 0
  let high = starts.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (starts[middle]! <= timeS) low = middle + 1
    else high = middle
  }
  return low - 1
}

export function createGopStore(maxBytes: number): GopStore {
  const shelves = new Map<string, Shelf>()
  /** In order of use, oldest first. */
  const recent = new Set<Entry>()
  let bytes = 0

  function use(entry: Entry | undefined): PacketizedGop | undefined {
    if (!entry) return undefined
    recent.delete(entry)
    recent.add(entry)
    return entry.gop
  }

  function evict(entry: Entry): void {
    const { shelf, gop } = entry
    recent.delete(entry)
    bytes -= entry.bytes
    shelf.byStart.delete(gop.startS)
    shelf.starts.splice(placeOf(shelf.starts, gop.startS), 1)
    if (shelf.starts.length === 0) shelves.delete(shelf.id)
  }

  /** Walks back over pieces to the one with the key frame; undefined where one of them is missing. */
  function keyPieceOf(shelf: Shelf, place: number): Entry | undefined {
    let entry = shelf.byStart.get(shelf.starts[place]!)
    for (let at = place - 1; entry?.gop.continues; at--) {
      const before: Entry | undefined = at < 0 ? undefined : shelf.byStart.get(shelf.starts[at]!)
      entry = before?.gop.endS === entry.gop.startS ? before : undefined
    }
    return entry
  }

  return {
    get bytes() {
      return bytes
    },
    get entries() {
      return recent.size
    },
    get: (renditionId, startS) => use(shelves.get(renditionId)?.byStart.get(startS)),
    at(renditionId, timeS) {
      const shelf = shelves.get(renditionId)
      if (!shelf) return undefined
      if (shelf.firstS !== undefined && timeS < shelf.firstS) return use(shelf.byStart.get(shelf.firstS))
      const place = placeOf(shelf.starts, timeS)
      const gop = place < 0 ? undefined : shelf.byStart.get(shelf.starts[place]!)?.gop
      if (!gop || (timeS >= gop.endS && !gop.isLast)) return undefined
      return use(keyPieceOf(shelf, place))
    },
    put(renditionId, gop, isFirst) {
      const entryBytes = costOf(gop)
      if (entryBytes > maxBytes) return
      const shelf: Shelf = shelves.get(renditionId) ?? { id: renditionId, byStart: new Map(), starts: [] }
      if (isFirst) shelf.firstS = gop.startS
      if (shelf.byStart.has(gop.startS)) return
      shelves.set(renditionId, shelf)
      const entry = { shelf, gop, bytes: entryBytes }
      shelf.starts.splice(placeOf(shelf.starts, gop.startS) + 1, 0, gop.startS)
      shelf.byStart.set(gop.startS, entry)
      recent.add(entry)
      bytes += entryBytes
      for (const oldest of recent) {
        if (bytes <= maxBytes) break
        evict(oldest)
      }
    },
  }
}
