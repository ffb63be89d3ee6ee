// Who was asked for a block, and when each answered, for whoever wants to know of the fetches that his own call causes.
import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'

/** One source that is asked for one block. */
export interface FetchSpan {
  /** A connection to it is being opened; not where one was open already. */
  dialling(): void
  /** It is open. */
  dialled(): void
  /** With the bytes, or without when it has none. */
  answered(bytes: number | undefined): void
  failed(error: unknown): void
  /** Whether the bytes are those of the hash. */
  verified(isRight: boolean): void
}

export interface FetchTrace {
  ask(source: string): FetchSpan
}

const traces = new AsyncLocalStorage<FetchTrace>()
const spans = new AsyncLocalStorage<FetchSpan>()
/** Node's own fetch tells of each connection, in the context of the call that it is opened for. */
const [connecting, connected] = ['undici:client:beforeConnect', 'undici:client:connected'] as const
const onConnecting = () => spans.getStore()?.dialling()
const onConnected = () => spans.getStore()?.dialled()

/** Fetches that `work` causes are told to the trace. Those that another call began first, and that are waited for, are not. */
export async function traceFetches<T>(trace: FetchTrace, work: () => Promise<T>): Promise<T> {
  subscribe(connecting, onConnecting)
  subscribe(connected, onConnected)
  try {
    return await traces.run(trace, work)
  } finally {
    unsubscribe(connecting, onConnecting)
    unsubscribe(connected, onConnected)
  }
}

/** Asks one source within a span of the trace, where somebody traces. */
export async function inSpan(
  source: string,
  ask: () => Promise<Uint8Array | undefined>,
): Promise<{ readonly bytes: Uint8Array | undefined; readonly span: FetchSpan | undefined }> {
  const span = traces.getStore()?.ask(source)
  if (!span) return { bytes: await ask(), span }
  try {
    const bytes = await spans.run(span, ask)
    span.answered(bytes?.length)
    return { bytes, span }
  } catch (error) {
    span.failed(error)
    throw error
  }
}
