// Some viewers of a load test as the coordinator sees them: wherever they run, they begin, tell, are cut short and end.
import type { ErrorRecord, McpxError } from '../base/errors.ts'
import type { LoadSession, ViewerKind } from '../protocol/load-result.ts'
import type { LoadCut, LoadStep } from './load-plane.ts'

export interface GroupEvents {
  onStep(step: LoadStep): void
  /** A session is over. */
  onSession(session: LoadSession): void
  /** An error that nobody waited for. */
  onStray(message: string): void
  /** Something that the person should know. */
  onNote(text: string): void
}

export interface ViewerGroup {
  readonly kind: ViewerKind
  /** Of the plan. */
  readonly viewers: readonly number[]
  /** Makes ready for a begin that takes no time. */
  prepare(): Promise<void>
  /** Begins now; resolves when the plan of all its viewers is over. Rejects when the group has died. */
  run(): Promise<LoadStep>
  /** Ends every session now; `run` resolves when they are closed. */
  cut(by: LoadCut): void
  /** Ends it, the hard way if it does not within a while. */
  stop(): Promise<void>
}

/** What sessions of a group that has died have failed of. */
export const deathOf = ({ code, message, hint }: McpxError): ErrorRecord => ({ code, message, hint })
