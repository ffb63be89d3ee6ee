// Work that is done again and again and may fail each time: its trouble is said once, not at every try.
import { type McpxError, toMcpxError } from './errors.ts'
import type { Logger } from './logger.ts'

interface Trouble {
  failed(error: unknown): void
  worked(): void
}

/** Once for each code in a row, and once that it is over. */
export function createTroubleLog(logger: Logger, says: { failed: string; worked: string }): Trouble {
  let code: McpxError['code'] | undefined
  return {
    failed(thrown) {
      const error = toMcpxError(thrown)
      const { message, hint } = error
      if (error.code !== code) logger.error({ code: error.code, error: message, hint }, says.failed)
      code = error.code
    },
    worked() {
      if (code) logger.info({}, says.worked)
      code = undefined
    },
  }
}
