// The data channel of the server side, as a viewer uses it that keeps to the protocol but not to what is expected.
import { expect, it, onTestFinished } from 'vitest'
import { maxControlLength } from '../../../src/lib/protocol/control.ts'
import { createUdpMux } from '../../../src/lib/webrtc/ice/udp-mux.ts'
import { connectRaw, dataChunk, openServer } from '../../support/raw-viewer.ts'
import { hangMs, until } from '../../support/webrtc-pair.ts'

async function connect() {
  const mux = await createUdpMux({ addresses: ['127.0.0.1'] })
  const server = await openServer(mux)
  const texts: string[] = []
  server.events.on('control', (text) => texts.push(text))
  const before = server.sendControl('before it is open')
  const raw = await connectRaw(server)
  onTestFinished(async () => {
    await raw.close()
    await server.close()
    await mux.close()
  })
  return { server, raw, texts, before }
}

/** DATA_CHANNEL_OPEN (RFC 8832 5.1) of a reliable channel. */
function openChannel(tsn: number, stream: number, label: string): Buffer {
  const body = Buffer.alloc(12)
  body[0] = 3
  body.writeUInt16BE(label.length, 8)
  const chunk = dataChunk(tsn, 3, stream, Buffer.concat([body, Buffer.from(label)]))
  chunk.writeUInt32BE(50, 12)
  return chunk
}

it(
  'takes texts both ways, of a length that is allowed',
  async () => {
    const { server, raw, texts, before } = await connect()
    expect(before).toBe(false)
    raw.sendText('x'.repeat(maxControlLength + 1))
    raw.sendText('y'.repeat(maxControlLength))
    await until(() => texts.length > 0)
    expect(texts).toEqual(['y'.repeat(maxControlLength)])
    expect([server.sendControl('hello'), server.sendControl('x'.repeat(4 * maxControlLength + 1))]).toEqual([
      true,
      false,
    ])
  },
  hangMs,
)

it(
  'holds back so much and no more while the other side does not read',
  async () => {
    const { server } = await connect()
    let accepted = 0
    while (accepted < 1000 && server.sendControl('x'.repeat(10_000))) accepted++
    expect(accepted).toBeGreaterThan(1)
    expect(accepted).toBeLessThan(20)
  },
  hangMs,
)

it(
  'closes a channel of another label, and a second one of the same, and goes on',
  async () => {
    const { server, raw, texts } = await connect()
    await raw.sendChunks(Buffer.concat([openChannel(raw.nextTsn, 5, 'other'), openChannel(raw.nextTsn + 1, 7, 'mcpx')]))
    const text = (i: number, stream: number, words: string) => {
      const chunk = dataChunk(raw.nextTsn + i, 3, stream, Buffer.from(words))
      chunk.writeUInt16BE(1, 10)
      return chunk
    }
    const control = raw.sentSctp.find((packet) => packet[12] === 0)!.readUInt16BE(20)
    await raw.sendChunks(Buffer.concat([text(2, 5, 'on other'), text(3, 7, 'on the second'), text(4, control, 'last')]))
    await until(() => texts.length > 0)
    expect(server.sendControl('still here')).toBe(true)
    expect([server.connection, texts]).toEqual(['connected', ['last']])
  },
  hangMs,
)
