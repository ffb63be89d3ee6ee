// Work that is done again and again and may fail each time: its trouble is said once, not at every try.
import { type McpxError, toMcpxError } from './errors.ts'
import type { Logger } from './logger.ts'

interface Trouble {
  failed(error: unknown): void
  worked(): void
}

/** `what` completes "<what> not written" and "<what> written again". Once for each code in a row. */
export function createTroubleLog(logger: Logger, what: string): Trouble {
  let code: McpxError['code'] | undefined
  return {
    failed(thrown) {
      const error = toMcpxError(thrown)
      if (error.code !== code)
        logger.error({ code: error.code, error: error.message, hint: error.hint }, `${what} not written`)
      code = error.code
    },
    worked() {
      if (code) logger.info({}, `${what} written again`)
      code = undefined
    },
  }
}
