// Starts transcode jobs from a media worker: the segments come by a door of the job, straight from the process that makes them.
// A process that ends under a job does so unseen: another one goes on where it was.
import { type Clock, delay } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import { openDoor } from '../base/local-door.ts'
import type { Logger } from '../base/logger.ts'
import type { RpcPeer } from '../base/rpc.ts'
import { askJob, type RunningJob } from '../media/transcode/job-port.ts'
import { askerPort } from '../media/transcode/job-wire.ts'
import type { Segment } from '../media/transcode/run-job.ts'
import type { HostMethods, MediaEvents, TranscodeJob } from '../protocol/media-plane.ts'

export type StartJob = (job: TranscodeJob, options: { signal: AbortSignal }) => RunningJob

interface JobStarterDeps {
  readonly host: Pick<RpcPeer<HostMethods, MediaEvents>, 'call'>
  readonly clock: Clock
  readonly logger: Logger
}

/** A job is tried so often: what ends two processes is its content. */
const maxTries = 2
/** How long after a connection has broken the control plane may take to say why. */
const verdictMs = 5000

export function createJobStarter(deps: JobStarterDeps): StartJob {
  return (job, { signal }) => {
    let granted = 0
    let running: RunningJob | undefined

    async function* segments(): AsyncGenerator<Segment> {
      let from = job.from
      for (let tries = 1; ; tries++) {
        try {
          const attempt = runOnce(deps, { ...job, from }, { isFresh: tries > 1, signal }, (begun) => {
            running = begun
            if (granted > 0) begun.grant(granted)
          })
          for await (const segment of attempt) {
            if (segment.index !== from) throw new McpxError('TRANSCODE_FAILED', 'the transcode lost its place')
            from++
            granted--
            yield segment
          }
          return
        } catch (error) {
          running = undefined
          if (!isLost(error) || signal.aborted) throw error
          deps.logger.warn(
            { source: job.source.id, segment: from, tries, error: error.message },
            'a transcode was lost',
          )
          if (tries === maxTries) throw error
        }
      }
    }

    function grant(count: number): void {
      granted += count
      running?.grant(count)
    }

    return { segments: segments(), grant }
  }
}

const isLost = (error: unknown): error is McpxError => error instanceof McpxError && error.code === 'TRANSCODE_FAILED'

interface Attempt {
  readonly isFresh: boolean
  readonly signal: AbortSignal
}

/** One process at one job. `begin` is given what is running once the process is there. */
async function* runOnce(
  { host, clock }: JobStarterDeps,
  job: TranscodeJob,
  { isFresh, signal }: Attempt,
  begin: (running: RunningJob) => void,
): AsyncGenerator<Segment> {
  const left = new AbortController()
  const door = await openDoor()
  const call = host.call(
    'transcode',
    { ...job, door: door.address, isFresh },
    { signal: AbortSignal.any([signal, left.signal]) },
  )
  const verdict = call.then(
    () => undefined,
    (error: unknown) => error,
  )
  const tooLate = () => delay(clock, verdictMs, left.signal).catch(() => undefined)
  try {
    // A job that is soon over may have said so before its connection is seen here.
    const refused = verdict.then(async (error) => (error === undefined ? refuse(await tooLate()) : refuse(error)))
    refused.catch(() => {})
    const socket = await Promise.race([door.caller, refused])
    const running = askJob(askerPort(socket), signal)
    begin(running)
    yield* running.segments
  } catch (error) {
    if (!isLost(error) || signal.aborted) throw error
    throw (await Promise.race([verdict, tooLate()])) ?? error
  } finally {
    left.abort(new McpxError('INTERRUPTED', 'the job is over'))
    door.close()
    void door.caller.then((socket) => socket.destroy())
  }
}

function refuse(error: unknown): never {
  throw error ?? new McpxError('TRANSCODE_FAILED', 'the transcode ended before it began')
}
