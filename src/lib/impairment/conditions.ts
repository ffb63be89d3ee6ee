// What holds on each way once texts are laid over each other, and what cannot hold together.
import { defaultQueueMs, type LinkConditions } from './impairment.ts'
import { maxHeldBytes } from './link.ts'
import { leastBurst } from './loss.ts'
import { refuse } from './units.ts'

export const settingNames = ['rate', 'trace', 'queue', 'delay', 'jitter', 'loss', 'burst-loss', 'offline'] as const
export type SettingName = (typeof settingNames)[number]
export type Direction = 'up' | 'down'

/** Of what a link may hold, a part is for remembering the packets. */
const mostBytes = 0.75 * maxHeldBytes

interface Values {
  rate: number
  trace: readonly number[]
  queue: number
  delay: number
  jitter: number
  loss: number
  'burst-loss': number
  offline: true
}

/** By name as written; undefined takes away what was. */
export type Settings = { readonly [Name in SettingName]?: Values[Name] | undefined }
export type BothWays = Readonly<Record<Direction, Settings>>

/** Throws INVALID_OPTION for what one text says of one way and contradicts itself. */
export function refuseContradiction(settings: Settings, direction: Direction, place: string): void {
  if (settings.rate !== undefined && settings.trace !== undefined)
    throw refuse(
      place,
      `rate and trace are both given for the way ${direction}`,
      'A trace is a rate over time. Name the way that each is for: up.rate=1mbps,down.trace=file.',
    )
}

/** A rate takes the place of a trace and the other way round; what depended on something that is no more goes with it. */
export function layOver(before: Settings, changes: Settings): Settings {
  const after = { ...before, ...changes }
  if (changes.rate !== undefined) after.trace = undefined
  if (changes.trace !== undefined) after.rate = undefined
  if (after.rate === undefined && after.trace === undefined && changes.queue === undefined) after.queue = undefined
  if (!after.loss && changes['burst-loss'] === undefined) after['burst-loss'] = undefined
  return after
}

/** Throws INVALID_OPTION for conditions that cannot hold together. */
export function toConditions(settings: Settings, direction: Direction, place: string): LinkConditions {
  const { rate, trace, queue, delay, jitter, loss, offline } = settings
  const burst = settings['burst-loss']
  if (queue !== undefined && rate === undefined && trace === undefined)
    throw refuse(place, `a queue needs a rate or a trace, and the way ${direction} has neither`)
  if (burst !== undefined && !loss)
    throw refuse(place, `burst-loss is how long losses last, and the way ${direction} has no loss`)
  if (burst !== undefined && loss) refuseShortBurst(loss, burst, place)
  if (rate !== undefined && (rate * ((queue ?? defaultQueueMs) + (delay ?? 0) + (jitter ?? 0))) / 8000 > mostBytes)
    throw refuse(place, `at this rate the way ${direction} holds more than ${mostBytes} bytes in queue and delay`)
  return {
    ...(rate === undefined ? {} : { rateBps: rate }),
    ...(trace === undefined ? {} : { trace }),
    ...(queue === undefined ? {} : { queueMs: queue }),
    ...(delay ? { delayMs: delay } : {}),
    ...(jitter ? { jitterMs: jitter } : {}),
    ...(loss ? { lossRatio: loss } : {}),
    ...(burst === undefined ? {} : { burstLength: burst }),
    ...(offline ? { isOffline: offline } : {}),
  }
}

/** With so much loss, even bursts with one packet between them are longer. */
function refuseShortBurst(loss: number, burst: number, place: string): void {
  if (loss === 1) throw refuse(place, 'with a loss of 100 % there are no bursts')
  const least = leastBurst(loss)
  if (burst >= least) return
  const percent = Number((loss * 100).toPrecision(4))
  throw refuse(
    place,
    `burst-loss ${burst} is impossible with a loss of ${percent} %: bursts are then at least ${Number(least.toPrecision(4))} packets long`,
  )
}
