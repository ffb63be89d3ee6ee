// What every part of a server is given besides its own.
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'

export interface Tools {
  readonly clock: Clock
  readonly logger: Logger
}
