// One try to watch: a peer connection, its WHEP session and its control channel, from offer to close. Never used twice.
import { type Command, controlLabel, type ServerNote, type ViewerMessage } from '../../lib/protocol/control.ts'
import type { IceServer } from '../../lib/protocol/media-plane.ts'
import { parseServerNote } from '../../lib/protocol/server-note.ts'
import { CandidateSender } from './candidates.ts'
import { leave, postOffer } from './whep.ts'
import type { WhepRequest } from './whep-address.ts'

/** How long the media path may take to come about after the answer. */
const connectTimeoutMs = 12_000
/** How long to look for a direct path when the answer names relays that the offer could not know. */
const directPathMs = 3_000
/** Consent checks recover from a short outage; after this it is lost. */
const disconnectedGraceMs = 2_000
const answerTimeoutMs = 60_000

interface AttemptEvents {
  track(track: MediaStreamTrack): void
  note(note: ServerNote): void
  connected(): void
  /** The path is shaky; it may come back by itself. */
  unstable(isUnstable: boolean): void
  /** Over, for a reason other than close(). */
  lost(cause: 'blocked' | 'lost' | 'refused', thrown?: unknown): void
}

export class Attempt {
  readonly peer: RTCPeerConnection
  /** ICE servers the answer named that this attempt did not know; a later attempt starts with them. */
  newIceServers: readonly IceServer[] | undefined
  readonly #events: AttemptEvents
  readonly #channel: RTCDataChannel
  readonly #candidates: CandidateSender
  readonly #abort = new AbortController()
  readonly #queue: string[] = []
  readonly #iceServers: readonly IceServer[]
  #sessionUrl: string | undefined
  #connectTimer: ReturnType<typeof setTimeout> | undefined
  #graceTimer: ReturnType<typeof setTimeout> | undefined
  #isOver = false
  #wasConnected = false

  constructor(iceServers: readonly IceServer[], events: AttemptEvents) {
    this.#events = events
    this.#iceServers = iceServers
    this.peer = new RTCPeerConnection({ iceServers: [...iceServers], bundlePolicy: 'max-bundle' })
    this.peer.addTransceiver('video', { direction: 'recvonly' })
    this.peer.addTransceiver('audio', { direction: 'recvonly' })
    this.#channel = this.peer.createDataChannel(controlLabel)
    this.#candidates = new CandidateSender(this.peer)
    this.peer.addEventListener('track', (event) => events.track(event.track))
    this.peer.addEventListener('connectionstatechange', () => this.#onConnectionState())
    this.#channel.addEventListener('open', () => {
      for (const text of this.#queue.splice(0)) this.#channel.send(text)
    })
    this.#channel.addEventListener('message', ({ data }) => this.#onMessage(data))
    this.#channel.addEventListener('close', () => this.#end('lost'))
  }

  /** Offers and connects; ends in `connected` or `lost`. */
  async start(request: WhepRequest): Promise<void> {
    try {
      await this.peer.setLocalDescription(await this.peer.createOffer())
      const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(answerTimeoutMs)])
      const grant = await postOffer(request, this.peer.localDescription!.sdp, signal)
      if (this.#isOver) {
        if (grant.sessionUrl) leave(grant.sessionUrl)
        return
      }
      this.#sessionUrl = grant.sessionUrl
      const hasNew = JSON.stringify(grant.iceServers) !== JSON.stringify(this.#iceServers)
      if (hasNew) this.newIceServers = grant.iceServers
      const patienceMs = hasNew && grant.iceServers.length > 0 ? directPathMs : connectTimeoutMs
      this.#connectTimer = setTimeout(() => this.#end('blocked'), patienceMs)
      await this.peer.setRemoteDescription({ type: 'answer', sdp: grant.sdp })
      if (grant.sessionUrl) this.#candidates.start(grant.sessionUrl, grant.etag)
    } catch (thrown) {
      this.#end('refused', thrown)
    }
  }

  /** Sends a command, or keeps it until the channel opens. */
  send(command: Command): void {
    if (this.#isOver) return
    const text = JSON.stringify(command)
    if (this.#channel.readyState === 'open') this.#channel.send(text)
    else if (this.#queue.length < 32) this.#queue.push(text)
  }

  /** Says it now or never. */
  tell(message: ViewerMessage): void {
    if (!this.#isOver && this.#channel.readyState === 'open') this.#channel.send(JSON.stringify(message))
  }

  /** Leaves without a word to the listener. */
  close(): void {
    this.#isOver = true
    clearTimeout(this.#connectTimer)
    clearTimeout(this.#graceTimer)
    this.#candidates.stop()
    this.#abort.abort()
    if (this.#sessionUrl) leave(this.#sessionUrl)
    this.#sessionUrl = undefined
    this.#channel.close()
    this.peer.close()
  }

  #end(cause: 'blocked' | 'lost' | 'refused', thrown?: unknown): void {
    if (this.#isOver) return
    this.close()
    this.#events.lost(cause, thrown)
  }

  #onConnectionState(): void {
    if (this.#isOver) return
    clearTimeout(this.#graceTimer)
    switch (this.peer.connectionState) {
      case 'connected':
        clearTimeout(this.#connectTimer)
        if (this.#wasConnected) this.#events.unstable(false)
        else this.#events.connected()
        this.#wasConnected = true
        return
      case 'disconnected':
        this.#events.unstable(true)
        this.#graceTimer = setTimeout(() => this.#end('lost'), disconnectedGraceMs)
        return
      case 'failed':
        this.#end(this.#wasConnected ? 'lost' : 'blocked')
        return
      case 'closed':
        this.#end('lost')
    }
  }

  #onMessage(data: unknown): void {
    const note = !this.#isOver && typeof data === 'string' ? parseServerNote(data) : undefined
    if (note) this.#events.note(note)
  }
}
