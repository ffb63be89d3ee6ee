// What `serve --run-tests` asks of a running server, through its own HTTP door as any client would.
import { type McpxError, toMcpxError } from '../base/errors.ts'
import { routes } from '../protocol/routes.ts'
import type { ActionReply, Api } from './api.ts'

export interface SelfTestStep {
  readonly name: string
  readonly passed: boolean
  /** What the server answered, or why the step failed. */
  readonly reply?: ActionReply
  readonly error?: McpxError
}

/**
 * Test connection, stream the sample, close it, close all. A failed step does not stop those after it, except
 * that a stream that never opened cannot be closed. `onStep` is called as each ends.
 */
export async function runSelfTest(api: Api, onStep: (step: SelfTestStep) => void): Promise<SelfTestStep[]> {
  const steps: SelfTestStep[] = []

  async function step(name: string, run: () => Promise<ActionReply>): Promise<ActionReply | undefined> {
    const done = await run().then(
      (reply): SelfTestStep => ({ name, passed: true, reply }),
      (error: unknown): SelfTestStep => ({ name, passed: false, error: toMcpxError(error) }),
    )
    steps.push(done)
    onStep(done)
    return done.reply
  }

  await step('test connection', () => api.action(routes.webrtc.testConnection))
  const stream = await step('stream the sample', () => api.action(routes.webrtc.streamTestContent))
  if (stream) await step('close', () => api.action(routes.webrtc.close.replace(':id', String(stream.connection_id))))
  await step('close all', () => api.action(routes.webrtc.closeAll))
  return steps
}
