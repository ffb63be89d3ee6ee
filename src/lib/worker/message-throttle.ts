// What a viewer says over its control channel, at a bearable rate: of many messages of a kind the last one counts, and of many
// that are wrong a few are answered. One viewer must not take the thread from the others.
import type { Clock, Timer } from '../base/clock.ts'
import { TokenBucket } from '../base/token-bucket.ts'
import { parseViewerMessage, type ViewerMessage } from '../protocol/control.ts'

/** A kind of command is obeyed at most this often; a slider that is dragged says more. */
const minGapMs = 100
/** Wrong messages that are answered. */
const answeredErrors = { burst: 10, perSecond: 1 }

export interface MessageThrottle {
  receive(text: string): void
  close(): void
}

export function createMessageThrottle(
  clock: Clock,
  run: (command: ViewerMessage) => void,
  onError: (error: unknown) => void,
): MessageThrottle {
  const ranAtMs = new Map<ViewerMessage['type'], number>()
  /** The last of each kind, in the order they came. */
  const waiting = new Map<ViewerMessage['type'], ViewerMessage>()
  let timer: Timer | undefined
  const errors = new TokenBucket(answeredErrors)
  let isClosed = false

  function tell(error: unknown): void {
    if (errors.take(1, clock.now())) onError(error)
  }

  function obey(command: ViewerMessage): void {
    ranAtMs.set(command.type, clock.now())
    try {
      run(command)
    } catch (error) {
      tell(error)
    }
  }

  const leftMs = (type: ViewerMessage['type']) => (ranAtMs.get(type) ?? -Infinity) + minGapMs - clock.now()

  function obeyWaiting(): void {
    timer = undefined
    for (const [type, command] of [...waiting]) {
      if (isClosed || leftMs(type) > 0) continue
      waiting.delete(type)
      obey(command)
    }
    arm()
  }

  function arm(): void {
    if (timer || isClosed || waiting.size === 0) return
    timer = clock.after(Math.max(1, Math.min(...[...waiting.keys()].map(leftMs))), obeyWaiting)
  }

  return {
    receive(text) {
      if (isClosed) return
      let command: ViewerMessage
      try {
        command = parseViewerMessage(text)
      } catch (error) {
        return tell(error)
      }
      if (!waiting.delete(command.type) && leftMs(command.type) <= 0) return obey(command)
      waiting.set(command.type, command)
      arm()
    },
    close() {
      isClosed = true
      timer?.cancel()
      waiting.clear()
    },
  }
}
