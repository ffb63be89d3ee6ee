// Who is asked for a block that is not here: in order, the next one as soon as one fails or takes long, verified always.
import type { Clock, Timer } from '../base/clock.ts'
import { withDeadline } from '../base/deadline.ts'
import { type ErrorCode, McpxError } from '../base/errors.ts'
import { matches, requireKnownHash } from './block-hash.ts'
import { type CID, cidText } from './cid.ts'
import { inSpan } from './fetch-trace.ts'
import { createGate } from './gate.ts'

export interface BlockSource {
  /** `kubo`, `gateway:<host>`. */
  readonly name: string
  /** The block, not verified; undefined when the source says that it has none. Rejects when it cannot tell. */
  fetch(cid: CID, signal: AbortSignal): Promise<Uint8Array | undefined>
}

interface BlockSourcesOptions {
  readonly sources: readonly BlockSource[]
  readonly clock: Clock
  /** How long a block may take to be found, all sources together. */
  readonly timeoutMs: number
  /** How long a source is waited for before the next is asked too. Default 1500. */
  readonly hedgeMs?: number
  /** Blocks looked for at once. Default 32. */
  readonly atOnce?: number
}

interface FoundBlock {
  readonly bytes: Uint8Array
  readonly source: string
}

export interface BlockSources {
  /**
   * A verified block and where it came from. CONTENT_NOT_FOUND names the CID and who was asked, CONTENT_TIMEOUT the
   * deadline, CONTENT_CORRUPT who sent other bytes, KUBO_UNREACHABLE the daemon when there was nobody else to ask.
   */
  fetch(cid: CID, signal?: AbortSignal): Promise<FoundBlock>
  /** Blocks taken from each source so far, and the bytes of all. */
  stats(): { readonly blocks: Readonly<Record<string, number>>; readonly bytes: number }
}

/** What a source that did not deliver has to say. */
interface Failure {
  readonly source: string
  readonly reason: string
  readonly code: ErrorCode
  readonly error?: unknown
}

export function createBlockSources(options: BlockSourcesOptions): BlockSources {
  const { sources, clock, timeoutMs, hedgeMs = 1500 } = options
  const gate = createGate(options.atOnce ?? 32)
  const counts = new Map<string, number>()
  let fetchedBytes = 0

  async function ask(source: BlockSource, cid: CID, signal: AbortSignal): Promise<Uint8Array | Failure> {
    const failure = (code: ErrorCode, reason: string, error?: unknown) => ({ source: source.name, code, reason, error })
    try {
      const { bytes, span } = await inSpan(source.name, () => source.fetch(cid, signal))
      if (!bytes) return failure('CONTENT_NOT_FOUND', 'does not have it')
      const isRight = matches(cid, bytes)
      span?.verified(isRight)
      return isRight ? bytes : failure('CONTENT_CORRUPT', 'sent other bytes')
    } catch (error) {
      const code = error instanceof McpxError ? error.code : 'CONTENT_NOT_FOUND'
      return failure(code, error instanceof Error ? error.message : String(error), error)
    }
  }

  /** Asks the first source, and each further one after a failure or `hedgeMs`; the first right answer ends it. */
  function race(cid: CID, signal: AbortSignal): Promise<FoundBlock> {
    const failures: Failure[] = []
    const losers = new AbortController()
    const asking = AbortSignal.any([signal, losers.signal])
    return new Promise<FoundBlock>((resolve, reject) => {
      let next = 0
      let hedge: Timer | undefined
      const askNext = () => {
        hedge?.cancel()
        const source = sources[next++]
        if (!source || asking.aborted) return
        if (next < sources.length) hedge = clock.after(hedgeMs, askNext)
        void ask(source, cid, asking).then((answer) => {
          if (asking.aborted) return
          if (answer instanceof Uint8Array) {
            hedge?.cancel()
            losers.abort()
            resolve({ bytes: answer, source: source.name })
            return
          }
          failures.push(answer)
          if (failures.length === sources.length) reject(verdict(cid, failures))
          else askNext()
        })
      }
      signal.addEventListener('abort', () => hedge?.cancel(), { once: true })
      askNext()
    })
  }

  function timeout(cid: CID): McpxError {
    const asked = sources.map(({ name }) => name).join(', ')
    return new McpxError(
      'CONTENT_TIMEOUT',
      `${cidText(cid)} was not found within ${timeoutMs / 1000} s (asked: ${asked})`,
    )
  }

  async function search(cid: CID, signal: AbortSignal): Promise<FoundBlock> {
    const found = await race(cid, signal)
    fetchedBytes += found.bytes.length
    counts.set(found.source, (counts.get(found.source) ?? 0) + 1)
    return found
  }

  return {
    async fetch(cid, signal) {
      requireKnownHash(cid)
      if (sources.length === 0)
        throw new McpxError('CONTENT_NOT_FOUND', `${cidText(cid)} is not here, and there is nobody to ask`)
      return gate.run(
        () =>
          withDeadline(
            clock,
            timeoutMs,
            signal,
            (within) => search(cid, within),
            () => timeout(cid),
          ),
        signal,
      )
    },
    stats: () => ({ blocks: Object.fromEntries(counts), bytes: fetchedBytes }),
  }
}

function verdict(cid: CID, failures: readonly Failure[]): McpxError {
  const said = failures.map(({ source, reason }) => `${source}: ${reason}`).join('; ')
  const has = (code: ErrorCode) => failures.find((failure) => failure.code === code)
  const liar = has('CONTENT_CORRUPT')
  if (liar) return new McpxError('CONTENT_CORRUPT', `${cidText(cid)} came with other bytes than its hash (${said})`)
  const unreachable = has('KUBO_UNREACHABLE')
  if (unreachable && failures.length === 1 && unreachable.error instanceof McpxError) return unreachable.error
  return new McpxError('CONTENT_NOT_FOUND', `nobody that was asked has ${cidText(cid)} (${said})`)
}
