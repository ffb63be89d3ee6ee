// The half of a waterfall that only the server can time: where the content is found, its first block, and what it turns out to be.
import type { Clock } from '../../base/clock.ts'
import { withDeadline } from '../../base/deadline.ts'
import { McpxError, toPublicRecord } from '../../base/errors.ts'
import { traceFetches } from '../../content/fetch-trace.ts'
import { parseLocator } from '../../content/locator.ts'
import type { ContentStore } from '../../content/store.ts'
import type { MediaInfo } from '../../model/stream.ts'
import type { WaterfallStep, WaterfallStepName } from '../../protocol/waterfall.ts'
import { FetchLog } from './fetch-log.ts'

interface TraceDeps {
  readonly store: ContentStore
  /** Opens the content as for a viewer, and lets it go. */
  readonly open: (content: string, signal: AbortSignal) => Promise<MediaInfo | undefined>
  readonly clock: Clock
  readonly timeoutMs?: number
}

/** Sources may be slow, and are asked one after the other. */
const timeoutMs = 60_000

/** A step that fails is the last. Rejects only with the reason of the signal. */
export async function traceContent(content: string, deps: TraceDeps, signal: AbortSignal): Promise<WaterfallStep[]> {
  const { clock } = deps
  const trace = new Trace(content, deps)
  const late = () => new McpxError('CONTENT_TIMEOUT', `not over within ${(deps.timeoutMs ?? timeoutMs) / 1000} s`)
  try {
    await withDeadline(clock, deps.timeoutMs ?? timeoutMs, signal, (within) => trace.run(within), late)
  } catch (error) {
    signal.throwIfAborted()
    trace.fail(error)
  }
  return trace.steps
}

class Trace {
  readonly steps: WaterfallStep[] = []
  readonly #content: string
  readonly #deps: TraceDeps
  readonly #beganMs: number
  #now: WaterfallStepName = 'found'

  constructor(content: string, deps: TraceDeps) {
    this.#content = content
    this.#deps = deps
    this.#beganMs = deps.clock.now()
  }

  async run(signal: AbortSignal): Promise<void> {
    const { store, open } = this.#deps
    const locator = parseLocator(this.#content)
    const root = locator.namespace === 'ipfs' ? locator.root : (await store.resolve(this.#content, { signal })).path
    await this.#firstBlock(root.split('/')[0]!, signal)
    this.#now = 'demux'
    const info = await open(this.#content, signal)
    this.#add('demux', info ? describe(info) : 'opened')
  }

  fail(error: unknown): void {
    const { code, message, hint } = toPublicRecord(error)
    const startMs = this.#endMs
    const ms = this.#elapsedMs - startMs
    this.steps.push({
      step: this.#now,
      where: 'server',
      status: 'failed',
      startMs,
      ms: Math.max(0, ms),
      code,
      cause: message,
      ...(hint !== '' && { fix: hint }),
    })
  }

  async #firstBlock(cid: string, signal: AbortSignal): Promise<void> {
    const { store, clock } = this.#deps
    const log = new FetchLog(clock)
    const beganMs = this.#beganMs
    try {
      const { source } = await traceFetches(log, () => store.ensureBlock(cid, { signal }))
      if (source === 'local' || log.isEmpty) await this.#localBlock(cid, source, signal)
      else this.steps.push(...log.steps(beganMs, clock.now()).steps)
    } catch (error) {
      if (this.steps.length === 0 && !log.isEmpty) {
        const { steps, failedStep } = log.steps(beganMs, clock.now())
        this.steps.push(...steps)
        this.#now = failedStep ?? 'found'
      }
      throw error
    }
  }

  /** It is here, or somebody else is fetching it this moment: nobody is dialled for us. */
  async #localBlock(cid: string, source: string, signal: AbortSignal): Promise<void> {
    const isLocal = source === 'local'
    this.#add(
      'found',
      isLocal ? 'in the blocks of the server: it was here already' : `${source}, for another who asked first`,
    )
    this.steps.push({ step: 'dial', where: 'server', status: 'skipped', detail: 'nobody needed to be asked' })
    this.#now = 'verified'
    const bytes = await this.#deps.store.getBlock(cid, { signal })
    // The reader verifies what it reads from disk, in one go.
    this.#add('first-block', `${bytes.length} bytes`)
    this.#add('verified', 'the bytes are those of the hash')
  }

  get #elapsedMs(): number {
    return this.#deps.clock.now() - this.#beganMs
  }

  get #endMs(): number {
    const last = this.steps.findLast(({ startMs }) => startMs !== undefined)
    return last ? last.startMs! + last.ms! : 0
  }

  #add(step: WaterfallStepName, detail: string): void {
    const startMs = this.#endMs
    this.steps.push({
      step,
      where: 'server',
      status: 'done',
      startMs,
      ms: Math.max(0, this.#elapsedMs - startMs),
      detail,
    })
  }
}

/** `webm, 10.0 s: vp9 640x360 30 fps, opus 2 channels`. */
function describe({ container, durationS, tracks }: MediaInfo): string {
  const shown = tracks.slice(0, 8).map((track) => {
    const size = track.kind === 'video' ? ` ${track.width}x${track.height}` : ''
    return `${track.codec}${size}`
  })
  return `${container}, ${durationS.toFixed(1)} s: ${shown.join(', ')}`
}
