// The one data channel of a connection: texts of the control protocol, over SCTP on DTLS.
import { type Clock, delay } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { controlLabel, maxControlLength } from '../protocol/control.ts'
import { joinSctp } from './fences.ts'
import { SctpFence } from './sctp/sctp-fence.ts'
import {
  RTCDataChannel,
  RTCDataChannelParameters,
  type RTCDtlsTransport,
  RTCSctpTransport,
  setFirstStreamId,
} from './werift.ts'

/** Of our side, as the SDP says it. */
export const sctpPort = 5000
/** Of either side: what the server tells may be longer than what a viewer may ask. */
const maxMessageBytes = maxControlLength * 4
/** Bytes that the channel may hold back before it counts as backed up. */
const maxBufferedBytes = 65_536
const flushSteps = 40
const flushStepMs = 5

interface ControlChannelDeps {
  readonly clock: Clock
  readonly logger: Logger
  /** The other side goes on breaking the rules of SCTP. */
  readonly onBroken: (reason: string) => void
  readonly onOpen: () => void
  readonly onText: (text: string) => void
}

export class ControlChannel {
  readonly #dtls: RTCDtlsTransport
  readonly #deps: ControlChannelDeps
  #sctp: RTCSctpTransport | undefined
  #channel: RTCDataChannel | undefined

  constructor(dtls: RTCDtlsTransport, deps: ControlChannelDeps) {
    this.#dtls = dtls
    this.#deps = deps
  }

  /** Makes ready for a data channel; `create` opens it from this side. */
  prepare(create: boolean): void {
    if (this.#sctp) return
    const sctp = new RTCSctpTransport(sctpPort, maxMessageBytes)
    this.#sctp = sctp
    const { clock, onBroken } = this.#deps
    const fence = new SctpFence({ clock, onBroken })
    joinSctp(
      sctp,
      this.#dtls,
      (packet, association) => fence.admits(packet, association),
      (error) => fence.strike(`what the library threw: ${error instanceof Error ? error.message : error}`),
    )
    sctp.onDataChannel.subscribe((channel) => {
      if (channel.label === controlLabel && !this.#channel) this.#use(channel)
      else channel.close()
    })
    if (!create) return
    this.#use(
      new RTCDataChannel(sctp, new RTCDataChannelParameters({ label: controlLabel, ordered: true, protocol: '' })),
    )
  }

  /** Once DTLS runs; nothing where no channel was prepared. */
  start(remotePort: number): void {
    const sctp = this.#sctp
    if (!sctp) return
    sctp.setRemotePort(remotePort)
    sctp.start(remotePort).catch((error: unknown) => this.#deps.logger.debug({ err: error }, 'SCTP did not start'))
    // RFC 8832 6: the DTLS client uses even stream ids; werift goes by the ICE role.
    setFirstStreamId(sctp, this.#dtls.role === 'client' ? 0 : 1)
  }

  /** False when it is not open, the text is too long, or the channel is backed up. */
  send(text: string): boolean {
    const channel = this.#channel
    if (channel?.readyState !== 'open' || text.length > maxMessageBytes) return false
    if (channel.bufferedAmount > maxBufferedBytes) return false
    try {
      channel.send(text)
      return true
    } catch {
      return false
    }
  }

  /** The last words leave before the alert that ends everything; not for long, because nobody may be there. */
  async flush(clock: Clock, isConnected: () => boolean): Promise<void> {
    const channel = this.#channel
    const isWaiting = () => channel!.bufferedAmount > 0 || this.#sctp!.sctp.outboundQueue.length > 0
    for (let i = 0; i < flushSteps && isConnected() && channel?.readyState === 'open'; i++) {
      if (!isWaiting()) return
      await delay(clock, flushStepMs)
    }
  }

  async stop(): Promise<void> {
    await this.#sctp?.stop().catch(() => {})
  }

  #use(channel: RTCDataChannel): void {
    this.#channel = channel
    channel.onMessage.subscribe((message) => {
      if (typeof message === 'string' && message.length <= maxControlLength) this.#deps.onText(message)
    })
    if (channel.readyState === 'open') this.#deps.onOpen()
    channel.stateChanged.subscribe((state) => {
      if (state === 'open') this.#deps.onOpen()
    })
  }
}
