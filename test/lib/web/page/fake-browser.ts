// What the player needs of a browser, as far as there is none here: a peer connection that does as a test says, and the answers of
// a server.
import { onTestFinished, vi } from 'vitest'

export class FakeChannel extends EventTarget {
  readyState = 'connecting'
  readonly sent: { readonly type: string; readonly [field: string]: unknown }[] = []

  send(text: string): void {
    this.sent.push(JSON.parse(text))
  }

  close(): void {
    this.readyState = 'closed'
  }

  open(): void {
    this.readyState = 'open'
    this.dispatchEvent(new Event('open'))
  }

  /** The server says this: a note, or a text as it is. */
  hear(note: unknown): void {
    const data = typeof note === 'string' ? note : JSON.stringify(note)
    this.dispatchEvent(new MessageEvent('message', { data }))
  }

  end(): void {
    this.close()
    this.dispatchEvent(new Event('close'))
  }
}

export class FakePeer extends EventTarget {
  connectionState = 'new'
  localDescription: { readonly sdp: string } | undefined
  remoteSdp: string | undefined
  readonly channel = new FakeChannel()
  readonly configuration: RTCConfiguration

  constructor(configuration: RTCConfiguration) {
    super()
    this.configuration = configuration
  }

  addTransceiver(): void {}

  createDataChannel(): FakeChannel {
    return this.channel
  }

  async createOffer() {
    return { type: 'offer', sdp: 'an offer' }
  }

  async setLocalDescription(description: { readonly sdp: string }): Promise<void> {
    this.localDescription = description
  }

  async setRemoteDescription({ sdp }: { readonly sdp: string }): Promise<void> {
    this.remoteSdp = sdp
  }

  getReceivers() {
    return []
  }

  async getStats() {
    return new Map()
  }

  close(): void {
    this.connectionState = 'closed'
  }

  becomes(state: string): void {
    this.connectionState = state
    this.dispatchEvent(new Event('connectionstatechange'))
  }
}

interface Request {
  readonly method: string
  readonly url: string
  readonly body: unknown
}

/** What comes back for an offer. */
export type Answer = () => Response

export const origin = 'http://server.test'

/** A server that grants a session, with these ICE servers. */
export const grants = (link?: string) => (): Response =>
  new Response('an answer', { status: 201, headers: { location: '/session/1', ...(link ? { link } : {}) } })

export const refuses = (status: number, code: string) => (): Response =>
  Response.json({ code, error: 'no', hint: 'another way' }, { status })

export const isGone = (): Response => {
  throw new TypeError('fetch failed')
}

/** For one test. Time stands still unless it is moved on. `answers` are given to one offer each, the last to all that follow. */
export function fakeBrowser(...answers: readonly Answer[]) {
  const peers: FakePeer[] = []
  const requests: Request[] = []
  let offers = 0
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] })
  vi.stubGlobal(
    'RTCPeerConnection',
    class extends FakePeer {
      constructor(configuration: RTCConfiguration) {
        super(configuration)
        peers.push(this)
      }
    },
  )
  vi.stubGlobal('fetch', async (url: string, { method = 'GET', body }: RequestInit = {}) => {
    requests.push({ method, url, body })
    if (method !== 'POST') return new Response()
    const answer = (answers[offers++] ?? answers.at(-1))!()
    return Object.defineProperty(answer, 'url', { value: url })
  })
  onTestFinished(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })
  return {
    peers,
    requests,
    peer: () => peers.at(-1)!,
    offers: () => requests.filter(({ method }) => method === 'POST'),
    pass: (ms: number) => vi.advanceTimersByTimeAsync(ms),
  }
}
