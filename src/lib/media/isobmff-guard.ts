// Bounds for the sample tables of MP4 and MOV: mediabunny 1.61 makes what their headers claim, billions of samples in a loop
// that nothing can interrupt, before anybody reads one. Checked here, a claim costs nothing.
import { type InputFormat, MP4, QTFF } from 'mediabunny'
import { McpxError } from '../base/errors.ts'

/** Samples whose size is not in the file, one by one, but given once for all. */
const maxUniformSamples = 2 ** 20

interface Counted {
  readonly count: number
}

export interface SampleTable {
  readonly sampleTimingEntries: readonly Counted[]
  readonly sampleCompositionTimeOffsets: readonly Counted[]
  readonly sampleSizes: readonly number[]
  readonly chunkOffsets: readonly number[]
  readonly sampleToChunk: readonly { readonly startChunkIndex: number; readonly samplesPerChunk: number }[]
}

/** Throws MEDIA_CORRUPT where the parts of a table claim more than the table holds. */
export function checkSampleTable(table: SampleTable): void {
  const sizes = table.sampleSizes.length
  const isUniform = sizes === 1
  const most = isUniform ? maxUniformSamples : sizes
  for (const { startChunkIndex, samplesPerChunk } of table.sampleToChunk) {
    if (startChunkIndex > table.chunkOffsets.length) throw lie('chunk', startChunkIndex, table.chunkOffsets.length)
    // Each sample of a chunk is added up to find one of them.
    if (!isUniform && samplesPerChunk > most) throw lie('sample in a chunk', samplesPerChunk, most)
  }
  // Only with composition offsets are all samples made at once, to be sorted.
  if (table.sampleCompositionTimeOffsets.length === 0) return
  for (const entries of [table.sampleTimingEntries, table.sampleCompositionTimeOffsets]) {
    const claimed = entries.reduce((sum, { count }) => sum + count, 0)
    if (claimed > most) throw lie('sample', claimed, most)
  }
}

function lie(what: string, claimed: number, most: number): McpxError {
  return new McpxError('MEDIA_CORRUPT', `the sample table has a ${what} number ${claimed}, where there are ${most}`)
}

/** What we use of a FileSlice of mediabunny. */
interface Slice {
  readonly view: DataView
  readonly bufferPos: number
}

interface Demuxer {
  currentTrack: { readonly sampleTable?: SampleTable | null } | null
  traverseBox(slice: Slice): boolean
}

const trun = 0x7472756e
/** Duration, size, flags and offset of each sample: where none is given, the count alone makes the samples. */
const perSampleFields = 0xf00

function checkRun({ view, bufferPos }: Slice): void {
  if (bufferPos + 16 > view.byteLength || view.getUint32(bufferPos + 4) !== trun) return
  const samples = view.getUint32(bufferPos + 12)
  if ((view.getUint32(bufferPos + 8) & perSampleFields) === 0 && samples > maxUniformSamples)
    throw lie('sample in a fragment', samples, maxUniformSamples)
}

function guarded(demuxer: Demuxer): Demuxer {
  const traverse = demuxer.traverseBox.bind(demuxer)
  let depth = 0
  demuxer.traverseBox = (slice) => {
    checkRun(slice)
    depth++
    let found: boolean
    try {
      found = traverse(slice)
    } finally {
      depth--
    }
    const table = demuxer.currentTrack?.sampleTable
    if (depth === 0 && table) checkSampleTable(table)
    return found
  }
  return demuxer
}

let isGuarding = false

/** Puts the bounds into the formats, for every input that is opened afterwards, segments of playlists included. */
export function guardSampleTables(): void {
  if (isGuarding) return
  isGuarding = true
  for (const format of [MP4, QTFF] as unknown as (InputFormat & { _createDemuxer(input: unknown): Demuxer })[]) {
    const create = format._createDemuxer.bind(format)
    format._createDemuxer = (input) => guarded(create(input))
  }
}
