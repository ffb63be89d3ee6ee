import { EventEmitter } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connectionBounds, createConnectionGate } from '../../../src/lib/http/connections.ts'
import { defaultLimits } from '../../../src/lib/http/context.ts'
import { startHttp } from '../../support/http-api.ts'

/** A connection that says nothing; resolves when it is there, or with what it was told. */
function idle(port: number): Promise<{ socket: Socket; said: () => string; ended: Promise<void> }> {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  let said = ''
  socket.on('data', (bytes) => {
    said += bytes
  })
  socket.on('error', () => {})
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  return new Promise((resolve) => socket.once('connect', () => resolve({ socket, said: () => said, ended })))
}

const bounded = (total: number, headersMs = defaultLimits.headersMs) =>
  startHttp({}, { limits: { connections: { total, perAddress: total }, headersMs } })

describe('bounds', () => {
  it('leaves half of the files to the rest, and half of the connections to other addresses', () => {
    expect(connectionBounds(undefined, 256)).toEqual({ total: 128, perAddress: 64 })
    expect(connectionBounds(undefined, 1_048_576)).toEqual({ total: 10_000, perAddress: 5000 })
    expect(connectionBounds(undefined, Number.POSITIVE_INFINITY)).toEqual({ total: 10_000, perAddress: 5000 })
    expect(connectionBounds(undefined, 20)).toEqual({ total: 16, perAddress: 16 })
    expect(connectionBounds(40, 256)).toEqual({ total: 40, perAddress: 20 })
  })
})

describe('a server that is full', () => {
  it('answers 503 with Retry-After, serves who is in, and takes others when one goes', async () => {
    const { port, get } = await bounded(2)
    // undici keeps it open: the second place.
    const first = await idle(port)
    await (await get('/health')).arrayBuffer()
    const refused = await idle(port)
    await refused.ended
    expect(refused.said()).toMatch(/^HTTP\/1\.1 503 /)
    expect(refused.said()).toMatch(/\r\nretry-after: 10\r\n/)
    expect(JSON.parse(refused.said().split('\r\n\r\n')[1]!)).toMatchObject({
      success: false,
      code: 'TOO_MANY_STREAMS',
      hint: expect.stringContaining('--max-connections'),
    })
    expect((await get('/health')).status).toBe(200)

    first.socket.destroy()
    await first.ended
    await expect.poll(async () => (await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200)
  })

  it('ends connections that send no headers, and has room again', async () => {
    const { port, get } = await bounded(1, 100)
    const silent = await idle(port)
    await silent.ended
    expect((await get('/health')).status).toBe(200)
  })
})

describe('one address', () => {
  /** What came through to the server of the connections from these addresses. */
  function through(addresses: readonly string[], bounds: { total: number; perAddress: number }): string[] {
    const server = createServer()
    const passed: string[] = []
    server.on('connection', (socket) => passed.push(String(socket.remoteAddress)))
    createConnectionGate(bounds, { retryAfterS: 1, body: '' }).guard(server, true)
    for (const remoteAddress of addresses)
      server.emit('connection', Object.assign(new EventEmitter(), { remoteAddress, destroy() {} }))
    return passed
  }

  it('has its share and no more, in either form of IPv4, and a /64 of IPv6 is one', () => {
    const bounds = { total: 10, perAddress: 2 }
    const v4 = ['192.0.2.1', '::ffff:192.0.2.1', '192.0.2.1', '192.0.2.2']
    expect(through(v4, bounds)).toEqual(['192.0.2.1', '::ffff:192.0.2.1', '192.0.2.2'])
    const v6 = ['2001:db8::1', '2001:db8:0:0:5::1', '2001:db8::2:3', '2001:db8:0:1::1']
    expect(through(v6, bounds)).toEqual(['2001:db8::1', '2001:db8:0:0:5::1', '2001:db8:0:1::1'])
  })

  it('may have all of it when it is this machine: a proxy speaks for everybody', () => {
    expect(through(Array(5).fill('127.0.0.1'), { total: 4, perAddress: 1 })).toHaveLength(4)
    expect(through(Array(5).fill('::1'), { total: 4, perAddress: 1 })).toHaveLength(4)
  })
})
