// A real Kubo daemon: it adds, pins and finds; its blocks come through our own folder, verified like everybody's.
import { setImmediate } from 'node:timers/promises'
import { create } from 'kubo-rpc-client'
import type { Clock } from '../base/clock.ts'
import { withDeadline } from '../base/deadline.ts'
import { McpxError } from '../base/errors.ts'
import { maxBlockBytes } from './block-hash.ts'
import type { BlockSource } from './block-sources.ts'
import { type CID, cidText, parseCid } from './cid.ts'
import type { ContentReader, ResolveName } from './content-reader.ts'
import { readBody } from './http-body.ts'
import { parseLocator } from './locator.ts'
import type { AddInput, ContentStore } from './store.ts'
import { checkAddPath } from './unixfs-import.ts'

interface Kubo {
  readonly blockSource: BlockSource
  readonly resolveName: ResolveName
  /** The daemon's version. Throws KUBO_UNREACHABLE that names the address. */
  version(signal?: AbortSignal): Promise<string>
  /** How many peers the daemon is connected to; undefined while it is offline. */
  swarmSize(signal?: AbortSignal): Promise<number | undefined>
  createStore(content: ContentReader): ContentStore
}

interface KuboOptions {
  /** `http://127.0.0.1:5001` or a multiaddr as `/ip4/127.0.0.1/tcp/5001`. */
  readonly address: string
  readonly clock: Clock
  /** How long an answer may take where nothing is transferred. */
  readonly timeoutMs: number
}

/** The daemon by its address; nothing is sent yet. Throws INVALID_OPTION for what is no address. */
export function createKubo(options: KuboOptions): Kubo {
  const { clock, timeoutMs } = options
  const url = parseAddress(options.address)
  const client = create({ url })

  /** Runs a call and turns what it throws into our errors. The client's own `timeout` never fires, hence the signals. */
  async function call<T>(what: string, signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      throw translate(error, what, url, signal)
    }
  }

  /** The same for calls that answer at once or not at all. */
  function quick<T>(
    what: string,
    signal: AbortSignal | undefined,
    run: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const late = () =>
      new McpxError('CONTENT_TIMEOUT', `Kubo at ${url.origin} did not answer within ${timeoutMs / 1000} s`)
    return withDeadline(clock, timeoutMs, signal, (within) => call(what, within, () => run(within)), late)
  }

  // Not by the client, which reads answers of any size into memory.
  async function fetchBlock(cid: CID, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const address = new URL(`/api/v0/block/get?arg=${cidText(cid)}`, url)
    const response = await fetch(address, { method: 'POST', signal, redirect: 'error' })
    if (response.ok) return readBody(response, maxBlockBytes)
    const text = Buffer.from(await readBody(response, 64 * 1024)).toString()
    if (/not found|could not find/i.test(text) && response.status === 500) return undefined
    throw new McpxError('KUBO_UNREACHABLE', `Kubo at ${url.origin} answered ${response.status}: ${text.slice(0, 200)}`)
  }

  return {
    blockSource: {
      name: 'kubo',
      fetch: (cid, signal) => call(cidText(cid), signal, () => fetchBlock(cid, signal)),
    },

    resolveName: (name, signal) =>
      quick(`/ipns/${name}`, signal, async (within) => {
        let path: string | undefined
        for await (const found of client.name.resolve(`/ipns/${name}`, { signal: within })) path = found
        if (!path) throw new McpxError('CONTENT_NOT_FOUND', `/ipns/${name} leads nowhere`)
        const locator = parseLocator(path)
        return { root: parseCid(locator.root), path: locator.path }
      }),

    version: (signal) => quick('version', signal, async (within) => (await client.version({ signal: within })).version),

    async swarmSize(signal) {
      try {
        return await quick('swarm', signal, async (within) => (await client.swarm.peers({ signal: within })).length)
      } catch (error) {
        if (error instanceof McpxError && /must be run in online mode/i.test(error.message)) return undefined
        throw error
      }
    },

    createStore: (content) => ({
      kind: 'kubo',
      ...content,

      async add(inputs, { pin = true, cidVersion = 1, onProgress, signal } = {}) {
        const upload = createUpload(inputs, onProgress, signal)
        const tops = await call('add', signal, async () => {
          const found = new Map<string, string>()
          const added = client.addAll(upload.candidates(), {
            cidVersion,
            rawLeaves: cidVersion === 1,
            chunker: 'size-262144',
            wrapWithDirectory: true,
            pin: false,
            signal,
          })
          for await (const { path, cid } of added) if (!path.includes('/')) found.set(path, cid.toString())
          return found
        })
          .catch((error) => {
            // The client reports any failure of what it reads as an abort.
            throw upload.failure ?? error
          })
          .finally(() => upload.stop())
        const { only, sizeBytes } = upload.result()
        const cid = cidText(parseCid(tops.get(only ?? '')!))
        if (pin) await call(cid, signal, () => client.pin.add(cid as never, { signal }))
        return { cid, sizeBytes }
      },

      async pin(text, { signal } = {}) {
        const cid = parseCid(text)
        await call(cidText(cid), signal, () => client.pin.add(cid as never, { signal }))
      },

      async unpin(text, { signal } = {}) {
        const cid = parseCid(text)
        await quick(cidText(cid), signal, (within) => client.pin.rm(cid as never, { signal: within }))
      },

      pins: ({ signal } = {}) =>
        quick('pins', signal, async (within) => {
          const found: string[] = []
          for await (const { cid } of client.pin.ls({ type: 'recursive', signal: within })) found.push(cid.toString())
          return found
        }),

      close: async () => {},
    }),
  }
}

/** What goes up: paths checked, bytes counted, and the first failure kept, which the client would lose. */
function createUpload(
  inputs: AsyncIterable<AddInput> | Iterable<AddInput>,
  onProgress: ((bytes: number) => void) | undefined,
  signal: AbortSignal | undefined,
) {
  const paths = new Set<string>()
  let sizeBytes = 0
  let failure: unknown
  let isOver = false

  async function* content(input: AddInput) {
    for await (const bytes of input.content) {
      signal?.throwIfAborted()
      sizeBytes += bytes.length
      onProgress?.(sizeBytes)
      yield bytes
      // The client goes on reading without back-pressure once the connection is gone: let its end be heard.
      await setImmediate()
      if (isOver) throw new McpxError('INTERNAL', 'the upload is over')
    }
  }

  async function* guarded<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* source
    } catch (error) {
      if (!isOver) failure ??= error
      throw error
    }
  }

  async function* files() {
    for await (const input of inputs) {
      const path = checkAddPath(input.path, paths)
      yield { path, content: guarded(content(input)) }
    }
    if (paths.size === 0) throw new McpxError('INVALID_REQUEST', 'there is nothing to add')
  }

  return {
    candidates: () => guarded(files()),
    get failure() {
      return failure
    },
    /** Ends the reading of what is added, whoever still pulls. */
    stop() {
      isOver = true
    },
    result() {
      const names = new Set([...paths].map((path) => path.split('/')[0]!))
      return { only: names.size === 1 ? [...names][0] : undefined, sizeBytes }
    },
  }
}

function parseAddress(address: string): URL {
  const multiaddr = /^\/(?:ip4|ip6|dns[46]?)\/([^/]+)\/tcp\/(\d+)(?:\/(https?))?\/?$/.exec(address)
  const [, host, port, scheme = 'http'] = multiaddr ?? []
  const text = host ? `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}` : address
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol))
    throw new McpxError(
      'INVALID_OPTION',
      `"${address}" is not an address of a Kubo daemon, such as http://127.0.0.1:5001`,
    )
  return new URL('/api/v0', url)
}

function translate(error: unknown, what: string, url: URL, signal?: AbortSignal): unknown {
  if (error instanceof McpxError) return error
  if (signal?.aborted) return signal.reason
  const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } }
  if (name === 'HTTPError') {
    if (/not pinned/i.test(message)) return new McpxError('CONTENT_NOT_FOUND', `${what} is not pinned in Kubo`)
    if (/could not (find|resolve)|not found|no link named/i.test(message) && !/^404/.test(message))
      return new McpxError('CONTENT_NOT_FOUND', `Kubo has no ${what}: ${message.trim()}`, { cause: error })
    if (/no space left/i.test(message)) return new McpxError('DISK_FULL', `Kubo: ${message.trim()}`, { cause: error })
    return new McpxError('KUBO_UNREACHABLE', `Kubo at ${url.origin} refused ${what}: ${message.trim()}`, {
      cause: error,
    })
  }
  const why = cause?.code ?? cause?.message ?? message
  return new McpxError('KUBO_UNREACHABLE', `no answer from Kubo at ${url.origin} (${why})`, { cause: error })
}
