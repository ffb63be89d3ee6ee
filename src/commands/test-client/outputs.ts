// What `mcpx test-client` says while it runs and at the end.
import { exitCodes } from '../../lib/base/errors.ts'
import type { Io } from '../../lib/base/io.ts'
import { jsonLine } from '../../lib/base/json-text.ts'
import type { LoadDeps, LoadRun } from '../../lib/load/load-options.ts'
import type { LoadResult } from '../../lib/protocol/load-result.ts'
import type { TestClientOptions } from './options.ts'

interface Outputs {
  readonly onMoment: LoadDeps['onMoment']
  /** Resolves with the exit code. */
  finish(run: LoadRun): Promise<number>
}

export async function openOutputs(
  { quiet }: Pick<TestClientOptions, 'quiet'>,
  { io, totalS }: { io: Io; totalS: number },
): Promise<Outputs> {
  return {
    onMoment({ atS, watching, sessions, failed, bitrateKbps }) {
      if (quiet) return undefined
      const kbps = Math.round(bitrateKbps)
      io.err(
        `${Math.round(atS)} of ${totalS} s: ${watching} watch, ${sessions} sessions, ${failed} failed, ${kbps} kbps\n`,
      )
      return undefined
    },
    async finish(run) {
      const result: LoadResult = { ...run, thresholds: [] }
      io.out(jsonLine(result))
      if (run.outcome === 'server-gone') return exitCodes.cannotConnect
      if (run.outcome === 'interrupted') return exitCodes.interrupted
      return run.summary.connected > 0 ? exitCodes.ok : exitCodes.cannotConnect
    },
  }
}
