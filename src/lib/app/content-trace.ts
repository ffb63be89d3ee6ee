// The half of a waterfall that is timed inside the server. One at a time: each opens a stream.
import { McpxError } from '../base/errors.ts'
import type { Engine } from '../engine/engine.ts'
import type { MediaInfo } from '../model/stream.ts'
import type { TraceContent } from '../protocol/waterfall.ts'
import type { Tools } from './tools.ts'

interface ContentTraceDeps extends Pick<Tools, 'clock'> {
  readonly engine: Engine
}

export function createContentTrace({ engine, clock }: ContentTraceDeps): TraceContent {
  let isRunning = false

  /** As for a viewer, who comes next and finds it open. */
  async function open(content: string, signal: AbortSignal): Promise<MediaInfo | undefined> {
    const { id, media } = await engine.open({ content, owner: 'check-connectivity', purpose: 'test', signal })
    await engine.close(id).catch(() => {})
    return media
  }

  return async (content, signal) => {
    if (isRunning)
      throw new McpxError('RATE_LIMITED', 'content is being traced already', { hint: 'Try again when that is over.' })
    isRunning = true
    try {
      // Loaded when somebody asks.
      const { traceContent } = await import('../checks/waterfall/trace-content.ts')
      return await traceContent(content, { store: engine.store, open, clock }, signal)
    } finally {
      isRunning = false
    }
  }
}
