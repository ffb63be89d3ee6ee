// One HTTP request with every header under our control, a connection of its own and a bounded answer; with what TLS said.
import { type IncomingMessage, request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import type { DetailedPeerCertificate, SecureVersion, TLSSocket } from 'node:tls'

export interface AskOptions {
  readonly signal: AbortSignal
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'OPTIONS'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** For looking at a certificate: nothing secret may be sent then. */
  readonly trustAnybody?: boolean
  readonly tlsVersion?: SecureVersion
  readonly ciphers?: string
  /** Of the body; the rest is cut off. Default 1 MiB. */
  readonly maxBytes?: number
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** Up to the bound; what is longer is cut off. */
  readonly body: string
  readonly tls?: {
    readonly protocol: string | null
    readonly cipher: string
    readonly certificate: DetailedPeerCertificate
    /** Why it would not be trusted. */
    readonly authorizationError?: string
  }
}

const defaultMaxBytes = 2 ** 20

export const bearer = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` }

/** Follows no redirect. An accepted upgrade is answered with 101 and closed. */
export function ask(address: string, options: AskOptions): Promise<Answer> {
  const url = new URL(address)
  const { signal, method = 'GET', headers = {}, body, trustAnybody, tlsVersion, ciphers } = options
  const isTls = url.protocol === 'https:'
  const tls = {
    ...(trustAnybody && { rejectUnauthorized: false }),
    ...(tlsVersion && { minVersion: tlsVersion, maxVersion: tlsVersion }),
    ...(ciphers !== undefined && { ciphers }),
  }
  return new Promise((resolve, reject) => {
    const settings = { method, headers: { connection: 'close', ...headers }, agent: false, signal, ...(isTls && tls) }
    const sent = (isTls ? tlsRequest : plainRequest)(url, settings, (answer) => {
      const said = tlsOf(answer)
      readText(answer, options.maxBytes ?? defaultMaxBytes).then((text) => {
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text, ...said })
      }, reject)
    })
    sent.on('upgrade', (answer, socket) => {
      socket.destroy()
      resolve({ status: answer.statusCode ?? 101, headers: answer.headers, body: '', ...tlsOf(answer) })
    })
    sent.on('error', (error) => reject(signal.aborted ? signal.reason : error))
    sent.end(body)
  })
}

/** Before the body is read: the socket may be gone afterwards. */
function tlsOf(answer: IncomingMessage): Pick<Answer, 'tls'> {
  const socket = answer.socket as Partial<TLSSocket>
  if (!socket.getPeerCertificate) return {}
  const authorizationError = socket.authorizationError as Error | string | undefined
  return {
    tls: {
      protocol: socket.getProtocol?.() ?? null,
      cipher: socket.getCipher?.().name ?? '',
      certificate: socket.getPeerCertificate(true),
      ...(authorizationError && { authorizationError: codeOf(authorizationError) }),
    },
  }
}

const codeOf = (error: Error | string): string =>
  typeof error === 'string' ? error : ((error as NodeJS.ErrnoException).code ?? error.message)

async function readText(answer: IncomingMessage, maxBytes: number): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of answer as AsyncIterable<Buffer>) {
    parts.push(part)
    size += part.length
    // Leaving the loop ends the connection.
    if (size >= maxBytes) break
  }
  return Buffer.concat(parts).subarray(0, maxBytes).toString()
}

/** What OpenSSL and Node call a certificate that is not trusted. */
const trustFailures =
  /^(?:CERT_|ERR_TLS_CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_(?:CA|PURPOSE)|ERROR_IN_CERT|CRL_)/

/** Whether a connection failed because of the certificate alone. */
export function isTrustFailure(error: unknown): boolean {
  const { code } = (error ?? {}) as NodeJS.ErrnoException
  return typeof code === 'string' && trustFailures.test(code)
}
