// An allocation at a TURN server (RFC 8656), as long as it takes to see whether it relays: with Send and Data indications alone.
import { isIPv6 } from 'node:net'
import type { Clock } from '../../base/clock.ts'
import type { IceServerAddress } from '../../protocol/ice-server.ts'
import { makeIntegrityKey } from '../werift.ts'
import { openExchange, type StunAnswer, type StunExchange, StunMessage, stunMethods } from './exchange.ts'

export interface TransportAddress {
  readonly address: string
  readonly port: number
}

/** The server said no. */
export class TurnRefused extends Error {
  override readonly name = 'TurnRefused'
  /** RFC 8656 19. */
  readonly code: number
  readonly step: 'allocate' | 'permit'

  constructor(step: 'allocate' | 'permit', { code, reason }: { readonly code: number; readonly reason: string }) {
    super(`${code} ${reason}`)
    this.code = code
    this.step = step
  }
}

export interface TurnCredentials {
  readonly username: string
  readonly credential: string
}

export interface TurnSession {
  readonly relayed: TransportAddress
  /** Where the server sees us. */
  readonly mapped: TransportAddress | undefined
  readonly local: TransportAddress
  /** It gave the allocation to somebody who had shown no credentials. */
  readonly isOpenToAll: boolean
  readonly connectMs: number
  readonly allocateMs: number
  /** Throws TurnRefused. */
  permit(peer: TransportAddress, signal: AbortSignal): Promise<void>
  send(peer: TransportAddress, data: Buffer): void
  /** Ends the allocation and closes the link. */
  close(): Promise<void>
}

interface TurnOptions {
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly ca?: string
  readonly credentials: TurnCredentials
  /** What comes over the relay. */
  onData(data: Buffer): void
}

/** Long enough for a check; one that is forgotten ends by itself. */
const lifetimeS = 60
const udp = 0x1100_0000
const ipv6Family = 0x0200_0000
const closeMs = 300

type Challenge = { readonly realm: string; readonly nonce: Buffer }

/** Throws LinkFailure, TurnRefused, or the reason of the signal. */
export async function openTurnSession(address: IceServerAddress, options: TurnOptions): Promise<TurnSession> {
  const { clock, signal, credentials, onData } = options
  const startedAtMs = clock.now()
  const exchange = await openExchange(address, {
    clock,
    signal,
    ...(options.ca ? { ca: options.ca } : {}),
    onIndication(message) {
      const data: unknown = message.getAttributeValue('DATA')
      if (message.messageMethod === stunMethods.DATA && Buffer.isBuffer(data)) onData(data)
    },
  })
  try {
    const connectedAtMs = clock.now()
    const ask = createAsker(exchange, credentials)
    const { answer, isOpenToAll } = await ask.first(() => allocateRequest(exchange), signal)
    const { link } = exchange
    return {
      relayed: addressOf(answer, 'XOR-RELAYED-ADDRESS')!,
      mapped: addressOf(answer, 'XOR-MAPPED-ADDRESS'),
      local: link.local,
      isOpenToAll,
      connectMs: connectedAtMs - startedAtMs,
      allocateMs: clock.now() - connectedAtMs,
      async permit(peer, within) {
        const request = () =>
          new StunMessage(stunMethods.CREATE_PERMISSION, 0).setAttribute('XOR-PEER-ADDRESS', [peer.address, peer.port])
        await ask.next('permit', request, within)
      },
      send(peer, data) {
        const message = new StunMessage(stunMethods.SEND, 0x0010)
        exchange.indicate(
          message.setAttribute('XOR-PEER-ADDRESS', [peer.address, peer.port]).setAttribute('DATA', data),
        )
      },
      async close() {
        const request = () => new StunMessage(stunMethods.REFRESH, 0).setAttribute('LIFETIME', 0)
        await ask.next('allocate', request, AbortSignal.timeout(closeMs)).catch(() => {})
        await exchange.close()
      },
    }
  } catch (error) {
    await exchange.close()
    throw error
  }
}

function allocateRequest({ link }: StunExchange): StunMessage {
  const message = new StunMessage(stunMethods.ALLOCATE, 0)
  message.setAttribute('REQUESTED-TRANSPORT', udp).setAttribute('LIFETIME', lifetimeS)
  return isIPv6(link.remoteAddress) ? message.setAttribute('REQUESTED-ADDRESS-FAMILY', ipv6Family) : message
}

/** Asks with long-term credentials (RFC 8489 9.2): the first time without, to hear the realm; once more with a new nonce. */
function createAsker(exchange: StunExchange, { username, credential }: TurnCredentials) {
  let challenge: Challenge | undefined

  function send(make: () => StunMessage, signal: AbortSignal): Promise<StunAnswer> {
    const message = make()
    if (!challenge) return exchange.request(message, { signal })
    const { realm, nonce } = challenge
    message.setAttribute('USERNAME', username).setAttribute('REALM', realm).setAttribute('NONCE', nonce)
    return exchange.request(message, { signal, key: makeIntegrityKey(username, realm, credential) })
  }

  async function next(step: 'allocate' | 'permit', make: () => StunMessage, signal: AbortSignal): Promise<StunAnswer> {
    let answer = await send(make, signal)
    if (answer.error?.code === 438) {
      challenge = challengeOf(answer) ?? challenge
      answer = await send(make, signal)
    }
    if (answer.error) throw new TurnRefused(step, answer.error)
    return answer
  }

  return {
    next,
    async first(make: () => StunMessage, signal: AbortSignal) {
      const bare = await send(make, signal)
      if (!bare.error) return { answer: checked(bare), isOpenToAll: true }
      challenge = bare.error.code === 401 ? challengeOf(bare) : undefined
      if (!challenge) throw new TurnRefused('allocate', bare.error)
      return { answer: checked(await next('allocate', make, signal)), isOpenToAll: false }
    },
  }
}

function challengeOf({ message }: StunAnswer): Challenge | undefined {
  const [realm, nonce]: unknown[] = [message.getAttributeValue('REALM'), message.getAttributeValue('NONCE')]
  return typeof realm === 'string' && Buffer.isBuffer(nonce) ? { realm, nonce } : undefined
}

function checked(answer: StunAnswer): StunAnswer {
  if (addressOf(answer, 'XOR-RELAYED-ADDRESS')) return answer
  throw new TurnRefused('allocate', { code: 200, reason: 'without a relayed address' })
}

/** An address that an answer holds. */
export function addressOf(
  { message }: StunAnswer,
  name: 'XOR-RELAYED-ADDRESS' | 'XOR-MAPPED-ADDRESS',
): TransportAddress | undefined {
  const value: unknown = message.getAttributeValue(name)
  if (!Array.isArray(value) || typeof value[0] !== 'string' || typeof value[1] !== 'number') return undefined
  // Node throws where it is to send to port 0.
  if (value[1] === 0) return undefined
  return { address: value[0], port: value[1] }
}
