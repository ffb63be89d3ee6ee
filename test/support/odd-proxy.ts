// A proxy on loopback that alters what goes through it, as badly configured ones do; and certificates of every kind of wrong.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'

const run = promisify(execFile)

export interface OddProxy {
  /** Answers in place of the server where it returns true. */
  answer?(request: IncomingMessage, response: ServerResponse): boolean
  /** The headers that the server gets. */
  headers?(headers: IncomingMessage['headers']): IncomingMessage['headers']
  /** The headers that the client gets. */
  answered?(headers: IncomingMessage['headers'], status: number): IncomingMessage['headers']
  /** The path that the server is asked for. */
  path?(path: string): string
  /** Passes WebSockets on; otherwise they are requests like others. */
  readonly upgrades?: true
  readonly tls?: { readonly cert: string; readonly key: string }
}

/** The address of a proxy in front of `target`; closed when the test ends. */
export async function startOddProxy(target: string, odd: OddProxy): Promise<string> {
  const to = new URL(target)
  const listener = (incoming: IncomingMessage, response: ServerResponse) => {
    if (odd.answer?.(incoming, response)) return
    const { connection: _, upgrade: __, ...kept } = incoming.headers
    const headers = odd.headers?.(kept) ?? kept
    const path = odd.path?.(incoming.url!) ?? incoming.url!
    const passed = request({ host: to.hostname, port: to.port, path, method: incoming.method, headers }, (answer) => {
      const status = answer.statusCode!
      response.writeHead(status, odd.answered?.(answer.headers, status) ?? answer.headers)
      answer.pipe(response)
    })
    passed.on('error', () => response.destroy())
    incoming.pipe(passed)
  }
  const server = odd.tls ? createTlsServer(odd.tls, listener) : createServer(listener)
  if (odd.upgrades)
    server.on('upgrade', (incoming: IncomingMessage, client) => {
      const headers = odd.headers?.(incoming.headers) ?? incoming.headers
      const passed = request({ host: to.hostname, port: to.port, path: incoming.url!, headers })
      client.on('error', () => {})
      passed.on('upgrade', (answer, upstream, head) => {
        const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}`)
        client.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`)
        client.write(head)
        upstream.on('error', () => {})
        upstream.pipe(client).pipe(upstream)
      })
      passed.on('response', (answer) => {
        client.end(`HTTP/1.1 ${answer.statusCode} No\r\ncontent-length: 0\r\n\r\n`)
      })
      passed.on('error', () => client.destroy())
      passed.end()
    })
  // Node answers an upgrade that nobody listens for as a request without one: as a proxy that does not pass it on.
  server.listen(0, '127.0.0.1')
  await new Promise((listening) => server.once('listening', listening))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http${odd.tls ? 's' : ''}://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** The address that stands for every one of this machine (Linux connects to it as to loopback), which no rule takes for loopback. */
export const outsideUrl = (url: string): string => url.replace('127.0.0.1', '0.0.0.0')

export interface Certificate {
  readonly cert: string
  readonly key: string
  readonly certFile: string
  readonly keyFile: string
}

/** A certificate of openssl, self-signed or of an issuer, removed when the test ends. */
export async function makeCertificate({
  from = new Date(Date.now() - 86_400_000),
  until = new Date(Date.now() + 365 * 86_400_000),
  names = 'IP:127.0.0.1,DNS:localhost',
  issuer = undefined as Certificate | undefined,
  kind = 'ec' as 'ec' | 'rsa',
} = {}): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), 'mcpx-cert-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const stamp = (date: Date) => date.toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  const subject = ['-subj', '/CN=mcpx test', '-addext', `subjectAltName=${names}`]
  const newKey =
    kind === 'rsa' ? ['-newkey', 'rsa:2048'] : ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const key = [...newKey, '-nodes', '-keyout', keyFile]
  await run('openssl', ['req', '-new', ...key, ...subject, '-out', join(folder, 'request.pem')])
  // `openssl req -x509` of Debian 12 takes no dates; an authority of one does.
  const config = [
    '[ca]',
    'default_ca = here',
    '[here]',
    `database = ${join(folder, 'index')}`,
    `new_certs_dir = ${folder}`,
    'rand_serial = yes',
    'default_md = sha256',
    'policy = any',
    'copy_extensions = copy',
    '[any]',
    'commonName = supplied',
  ].join('\n')
  await writeFile(join(folder, 'index'), '')
  await writeFile(join(folder, 'ca.conf'), `${config}\n`)
  const dates = ['-startdate', stamp(from), '-enddate', stamp(until)]
  const files = ['-config', join(folder, 'ca.conf'), '-in', join(folder, 'request.pem'), '-out', certFile]
  const by = issuer ? ['-cert', issuer.certFile, '-keyfile', issuer.keyFile] : ['-selfsign', '-keyfile', keyFile]
  await run('openssl', ['ca', '-batch', '-notext', ...files, ...by, ...dates])
  return { cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8'), certFile, keyFile }
}
