// Requests to a STUN or TURN server and their answers (RFC 8489 6): sent again as long as nothing comes, over datagrams.
import type { Clock, Timer } from '../../base/clock.ts'
import type { IceServerAddress } from '../../protocol/ice-server.ts'
import { hasSoundAttributes, stunClassOf, transactionOf } from '../ice/stun.ts'
import { parseStunMessage, StunMessage, stunClasses, stunMethods } from '../werift.ts'
import { LinkFailure, type LinkOptions, openServerLink, type ServerLink } from './server-link.ts'

export { StunMessage, stunMethods }

/** RFC 8489 6.2.1. */
const retransmitMs = 500

export interface StunAnswer {
  readonly message: StunMessage
  readonly roundTripMs: number
  /** Of an error response. */
  readonly error?: { readonly code: number; readonly reason: string }
}

export interface StunExchange {
  readonly link: ServerLink
  /** Rejects with LinkFailure, and with the reason of the signal. A request without a key is not signed. */
  request(message: StunMessage, options: { readonly signal: AbortSignal; readonly key?: Buffer }): Promise<StunAnswer>
  /** Sends a message that is not answered. */
  indicate(message: StunMessage): void
  close(): Promise<void>
}

interface ExchangeOptions extends Pick<LinkOptions, 'signal' | 'ca'> {
  readonly clock: Clock
  /** What the server sends without being asked. */
  onIndication?(message: StunMessage): void
}

interface Waiting {
  readonly sentAtMs: number
  readonly key: Buffer | undefined
  timer?: Timer
  readonly settle: PromiseWithResolvers<StunAnswer>
}

/** Throws LinkFailure, or the reason of the signal. */
export async function openExchange(address: IceServerAddress, options: ExchangeOptions): Promise<StunExchange> {
  const { clock, onIndication } = options
  const waiting = new Map<string, Waiting>()
  let failure: LinkFailure | undefined

  function onMessage(packet: Buffer): void {
    const stunClass = stunClassOf(packet)
    if (!stunClass) {
      if (waiting.size > 0) onFailure(new LinkFailure('not-stun', 'what answers there does not speak STUN'))
      return
    }
    if (!hasSoundAttributes(packet)) return
    if (stunClass === 'response') onResponse(packet)
    if (stunClass !== 'indication') return
    const message = parseStunMessage(packet)
    if (message) onIndication?.(message)
  }

  function onResponse(packet: Buffer): void {
    const asked = waiting.get(transactionOf(packet))
    if (!asked) return
    const plainMessage = parseStunMessage(packet)
    const error = plainMessage?.messageClass === stunClasses.ERROR ? errorOf(plainMessage) : undefined
    // An error may come unsigned: who does not know the key cannot sign with it (RFC 8489 9.2.4).
    const message = error || !asked.key ? plainMessage : parseStunMessage(packet, asked.key)
    if (!message) return
    const roundTripMs = clock.now() - asked.sentAtMs
    asked.settle.resolve({ message, roundTripMs, ...(error && { error }) })
  }

  function onFailure(found: LinkFailure): void {
    failure ??= found
    for (const { settle } of waiting.values()) settle.reject(found)
  }

  const link = await openServerLink(address, { ...options, onMessage, onFailure })

  return {
    link,
    async request(message, { signal, key }) {
      if (failure) throw failure
      signal.throwIfAborted()
      if (key) message.addMessageIntegrity(key).addFingerprint()
      const packet = message.bytes
      const id = transactionOf(packet)
      const asked: Waiting = { sentAtMs: clock.now(), key, settle: Promise.withResolvers() }
      waiting.set(id, asked)
      const stop = () => asked.settle.reject(signal.reason)
      signal.addEventListener('abort', stop, { once: true })
      const send = (againMs: number) => {
        link.send(packet)
        if (!link.isReliable) asked.timer = clock.after(againMs, () => send(againMs * 2), { keepAlive: true })
      }
      send(retransmitMs)
      try {
        return await asked.settle.promise
      } finally {
        asked.timer?.cancel()
        waiting.delete(id)
        signal.removeEventListener('abort', stop)
      }
    },
    indicate: (message) => link.send(message.bytes),
    close: () => link.close(),
  }
}

const maxReason = 80

function errorOf(message: StunMessage): { code: number; reason: string } {
  const said: unknown = message.getAttributeValue('ERROR-CODE')
  const [code, reason] = Array.isArray(said) ? said : [0, 'an error without a code']
  return { code: Number(code), reason: String(reason).slice(0, maxReason) }
}
