// Which request work is done for, wherever it gets to: found by what records it, without being handed through every call.
import { AsyncLocalStorage } from 'node:async_hooks'

const storage = new AsyncLocalStorage<string>()

/** Ids that come from outside are taken as they are when they look like one. */
const plausible = /^[\w.:-]{1,128}$/

export const isCorrelationId = (text: unknown): text is string => typeof text === 'string' && plausible.test(text)

/** What runs in `work`, and whatever it starts, belongs to this id. */
export const withCorrelation = <T>(id: string, work: () => T): T => storage.run(id, work)

export const correlationId = (): string | undefined => storage.getStore()
