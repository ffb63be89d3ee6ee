// Media over a real TURN server (coturn) on loopback: the relay is the only path.
import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasProgram } from '../support/webrtc-clips.ts'
import { chooseVp8, createFactory, createViewer, isConnected, packetOf, until } from '../support/webrtc-pair.ts'

const isMissing = !(await hasProgram('turnserver', '--version'))
if (isMissing && process.env.MCPX_REQUIRE_PARTS === '1') throw new Error('missing part: turnserver (coturn)')

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(() => resolve()))
  return port
}

/** Asks with STUN binding requests until one is answered. */
async function isAnswering(port: number): Promise<void> {
  const request = Buffer.alloc(20)
  request.set([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42])
  const socket = createSocket('udp4')
  let hasAnswer = false
  socket.on('message', () => {
    hasAnswer = true
  })
  await until(() => {
    if (!hasAnswer) socket.send(request, port, '127.0.0.1')
    return hasAnswer
  }, 10_000)
  socket.close()
}

describe.skipIf(isMissing)(`TURN ${isMissing ? '(missing: turnserver)' : ''}`, () => {
  let server: ChildProcess
  let folder: string
  let port: number

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mcpx-turn-'))
    port = await freePort()
    const address = ['--listening-ip', '127.0.0.1', '--relay-ip', '127.0.0.1', '--listening-port', `${port}`]
    const account = ['--lt-cred-mech', '--user', 'viewer:secret', '--realm', 'mcpx']
    const quiet = ['-n', '--no-cli', '--no-tls', '--no-dtls', '--log-file', 'stdout', '--pidfile', join(folder, 'pid')]
    const store = ['--userdb', join(folder, 'turndb')]
    server = spawn('turnserver', [...quiet, ...address, ...account, ...store, '--allow-loopback-peers'], {
      cwd: folder,
    })
    await isAnswering(port)
  })

  afterAll(async () => {
    server.kill()
    if (server.exitCode === null) await once(server, 'exit')
    await rm(folder, { recursive: true })
  })

  it.each(['udp', 'tcp'])(
    'carries media between a peer and a viewer that has only the relay, over %s',
    async (transport) => {
      const factory = await createFactory()
      const urls = `turn:127.0.0.1:${port}?transport=${transport}`
      const iceServers = [{ urls, username: 'viewer', credential: 'secret' }]
      const viewer = await createViewer({ iceServers, relayOnly: true })
      const peer = await factory.createPeer()
      const offer = await viewer.offer()
      expect(offer).toMatch(/a=candidate:.* typ relay/)
      expect(offer).not.toMatch(/a=candidate:.* typ host/)
      await viewer.acceptAnswer(await peer.acceptOffer(offer, chooseVp8))
      await Promise.all([isConnected(peer), isConnected(viewer)])
      const received: number[] = []
      viewer.events.on('rtp', ({ sequence }) => received.push(sequence))
      for (let i = 0; i < 20; i++) peer.outlets[0]!.send(packetOf(i, Buffer.alloc(900)))
      await until(() => received.length === 20)
      expect(viewer.stats().candidatePair?.type).toMatch(/^relay\//)
      await viewer.close()
      await factory.close()
    },
  )

  it('gives the peer a relay candidate, and media over it', async () => {
    const factory = await createFactory({
      iceServers: [{ urls: `turn:127.0.0.1:${port}`, username: 'viewer', credential: 'secret' }],
    })
    const viewer = await createViewer({
      iceServers: [{ urls: `turn:127.0.0.1:${port}`, username: 'viewer', credential: 'secret' }],
      relayOnly: true,
    })
    const peer = await factory.createPeer()
    const answer = await peer.acceptOffer(await viewer.offer(), chooseVp8)
    expect(answer).toMatch(/a=candidate:.* typ relay/)
    await viewer.acceptAnswer(answer.replace(/a=candidate:.* typ host.*\r\n/g, ''))
    await Promise.all([isConnected(peer), isConnected(viewer)])
    expect(peer.outlets[0]!.send(packetOf(1, Buffer.alloc(900)))).toBe(true)
    await until(() => viewer.stats().video?.packetsReceived === 1)
    await viewer.close()
    await factory.close()
  })
})
