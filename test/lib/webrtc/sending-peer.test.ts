// The peer that sends, step by step of its negotiations: what it says again, what it refuses, and what it leaves behind.
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { McpxError } from '../../../src/lib/base/errors.ts'
import { maxControlLength } from '../../../src/lib/protocol/control.ts'
import type { IceCandidate } from '../../../src/lib/protocol/media-plane.ts'
import type { ChosenCodecs, CodecParameters } from '../../../src/lib/webrtc/peer.ts'
import type { PeerFactory } from '../../../src/lib/webrtc/peer-factory.ts'
import { parseSdp } from '../../../src/lib/webrtc/sdp/sdp.ts'
import { startStunServer } from '../../support/ice-sides.ts'
import { offers } from '../../support/webrtc-offers.ts'
import {
  chooseVp8,
  connectPair,
  createFactory,
  createViewer,
  hangMs,
  isConnected,
  until,
} from '../../support/webrtc-pair.ts'

vi.setConfig({ testTimeout: hangMs })

let factory: PeerFactory
beforeAll(async () => {
  factory = await createFactory()
})
afterAll(() => factory.close())

async function openPeer() {
  const peer = await factory.createPeer()
  onTestFinished(() => peer.close())
  return peer
}

const vp8: CodecParameters = { codec: 'vp8', parameters: {} }
const opus: CodecParameters = { codec: 'opus', parameters: {}, channels: 2 }
const both = { video: [vp8], audio: [opus] }
const host = (port: number) => ({
  candidate: `candidate:1 1 udp 2130706431 127.0.0.1 ${port} typ host`,
  sdpMLineIndex: 0,
})
const originOf = (sdp: string) => /^o=- (\d+) (\d+) /m.exec(sdp)!.slice(1).map(Number)
const ufragOf = (sdp: string) => parseSdp(sdp).sections.find(({ ice }) => ice)!.ice!.ufrag

describe('an answer', () => {
  it.each([
    ['chrome', ['audio', 'video'], ['96', '111']],
    ['pion', ['video'], ['120']],
    ['unbundled', ['audio'], ['96']],
  ] as const)('to %s has an outlet for each kind that was chosen, under its numbers', async (style, kinds, numbers) => {
    const peer = await openPeer()
    const answer = parseSdp(await peer.acceptOffer(offers[style], chooseVp8))
    expect(peer.outlets.map(({ kind }) => kind).sort()).toEqual(kinds)
    const sending = answer.sections.filter(({ direction, isOpen }) => isOpen && direction === 'sendonly')
    expect(sending.map(({ tokens }) => tokens[0]).sort()).toEqual([...numbers].sort())
    for (const { kind, ssrc } of peer.outlets)
      expect(answer.sections.find((section) => section.kind === kind && section.ssrcs.length > 0)!.ssrcs[0]).toBe(ssrc)
  })

  it('asks once what to send; a later offer gets the same, under the same sources, as another version', async () => {
    const peer = await openPeer()
    const choose = vi.fn(chooseVp8)
    const first = await peer.acceptOffer(offers.chrome, choose)
    const { outlets } = peer
    const second = await peer.acceptOffer(offers.chrome.replaceAll('ice-ufrag:abcd', 'ice-ufrag:anew'), choose)
    expect(choose).toHaveBeenCalledTimes(1)
    expect(peer.outlets).toBe(outlets)
    const [[id, version], [idAgain, next]] = [originOf(first), originOf(second)]
    expect([idAgain, next]).toEqual([id, version! + 1])
    expect(ufragOf(second)).not.toBe(ufragOf(first))
    const ssrcs = (sdp: string) => parseSdp(sdp).sections.map((section) => section.ssrcs)
    expect(ssrcs(second)).toEqual(ssrcs(first))
    // The same offer once more is no restart.
    const third = await peer.acceptOffer(offers.chrome.replaceAll('ice-ufrag:abcd', 'ice-ufrag:anew'), choose)
    expect(ufragOf(third)).toBe(ufragOf(second))
  })

  it('to a later offer without what is being sent is refused, and the stream is as it was', async () => {
    const peer = await openPeer()
    await peer.acceptOffer(offers.chrome, chooseVp8)
    const { outlets } = peer
    await expect(peer.acceptOffer(offers.pion, chooseVp8)).rejects.toMatchObject({ code: 'INVALID_SDP' })
    expect(peer.outlets).toBe(outlets)
    await peer.acceptOffer(offers.chrome, chooseVp8)
  })

  it('leaves nothing begun where nothing can be sent, or choosing fails', async () => {
    const peer = await openPeer()
    const nothing = new Error('nothing that it can play')
    await expect(peer.acceptOffer(offers.chrome, () => Promise.reject(nothing))).rejects.toBe(nothing)
    const odd = async (): Promise<ChosenCodecs> => ({ video: { codec: 'av1', parameters: {} } })
    await expect(peer.acceptOffer(offers.chrome, odd)).rejects.toMatchObject({ code: 'INTERNAL' })
    await expect(peer.acceptOffer('v=0', chooseVp8)).rejects.toMatchObject({ code: 'INVALID_SDP' })
    expect([peer.connectionState, peer.outlets, peer.remoteAddress]).toEqual(['new', [], undefined])
    await peer.acceptOffer(offers.chrome, chooseVp8)
    expect(peer.outlets).toHaveLength(2)
  })
})

describe('one negotiation at a time', () => {
  it('is a conflict with another, and free after it, also where it failed', async () => {
    const peer = await openPeer()
    const gate = Promise.withResolvers<ChosenCodecs>()
    const first = peer.acceptOffer(offers.chrome, () => gate.promise)
    for (const other of [
      peer.acceptOffer(offers.chrome, chooseVp8),
      peer.createOffer(both),
      peer.acceptAnswer(offers.chrome, chooseVp8),
    ] as Promise<unknown>[])
      await expect(other).rejects.toMatchObject({ code: 'STREAM_CONFLICT' })
    gate.reject(new Error('no'))
    await expect(first).rejects.toThrow('no')
    await peer.acceptOffer(offers.chrome, chooseVp8)
  })

  it('ends with the peer that is closed in the middle of it', async () => {
    const peer = await factory.createPeer()
    const open = factory.openPeers
    const gate = Promise.withResolvers<ChosenCodecs>()
    const negotiating = peer.acceptOffer(offers.chrome, () => gate.promise)
    negotiating.catch(() => {})
    const closing = peer.close()
    gate.resolve({ video: { codec: 'vp8', parameters: {} } })
    await expect(negotiating).rejects.toMatchObject({ code: 'STREAM_CONFLICT' } satisfies Partial<McpxError>)
    await closing
    expect(factory.openPeers).toBe(open - 1)
    expect([peer.connectionState, peer.outlets]).toEqual(['closed', []])
  })
})

describe('an offer', () => {
  it('is the same again but for its version, and with new credentials where a restart is asked for', async () => {
    const peer = await openPeer()
    const first = await peer.createOffer(both)
    const second = await peer.createOffer(both)
    expect(second.replace(/^o=.*$/m, '')).toBe(first.replace(/^o=.*$/m, ''))
    expect(originOf(second)[1]).toBe(originOf(first)[1]! + 1)
    const viewer = await createViewer()
    onTestFinished(() => viewer.close())
    await peer.acceptAnswer(await viewer.acceptOffer(second), chooseVp8)
    await Promise.all([isConnected(peer), isConnected(viewer)])
    const third = await peer.createOffer(both, { iceRestart: true })
    expect(ufragOf(third)).not.toBe(ufragOf(second))
    await peer.acceptAnswer(await viewer.acceptOffer(third), chooseVp8)
    await until(() => peer.iceState === 'connected' && peer.connectionState === 'connected')
  })

  it('tells its candidates with the section they belong to, and their end', async () => {
    const peer = await openPeer()
    const told: (IceCandidate | null)[] = []
    peer.events.on('candidate', (candidate) => told.push(candidate))
    await peer.createOffer(both)
    expect(told).toEqual([
      { candidate: expect.stringMatching(/^candidate:.* 127\.0\.0\.1 \d+ typ host/), sdpMLineIndex: 0, sdpMid: '0' },
      null,
    ])
  })

  it('does not wait for a STUN server that says nothing', async () => {
    const { iceServers } = await startStunServer(undefined)
    const slow = await createFactory({ iceServers })
    onTestFinished(() => slow.close())
    const peer = await slow.createPeer()
    const offer = await peer.createOffer(both)
    expect(offer).not.toContain('a=end-of-candidates')
  })
})

describe('candidates of the viewer', () => {
  it('may come before its description, any number of them; what is none is refused', async () => {
    const peer = await openPeer()
    for (const candidate of [null, { candidate: '', sdpMLineIndex: 0 }]) await peer.addCandidate(candidate)
    for (let i = 0; i < 200; i++) await peer.addCandidate(host(2000 + (i % 100)))
    await expect(peer.addCandidate({ candidate: 'nonsense', sdpMLineIndex: 0 })).rejects.toMatchObject({
      code: 'INVALID_SDP',
    })
    await peer.acceptOffer(offers.pion, chooseVp8)
    expect(peer.connectionState).toBe('connecting')
  })

  it('are enough to connect by, though its description had none', async () => {
    const peer = await openPeer()
    const viewer = await createViewer()
    onTestFinished(() => viewer.close())
    const offer = await viewer.offer()
    const candidates = [...offer.matchAll(/^a=(candidate:.*)\r$/gm)].map(([, candidate]) => candidate!)
    for (const candidate of candidates) await peer.addCandidate({ candidate, sdpMLineIndex: 0 })
    const answer = await peer.acceptOffer(offer.replaceAll(/^a=candidate:.*\r\n/gm, ''), chooseVp8)
    // The viewer hears of ours only by the checks.
    await viewer.acceptAnswer(answer.replaceAll(/^a=candidate:.*\r\n/gm, ''))
    await Promise.all([isConnected(peer), isConnected(viewer)])
    expect(peer.remoteAddress).toBe(viewer.stats().candidatePair!.local)
  })
})

describe('a peer that closes', () => {
  it('tells it once, gives up its outlets, and says nothing more', async () => {
    const { peer, viewer } = await connectPair(factory)
    onTestFinished(() => viewer.close())
    const states: string[] = []
    peer.events.on('state', (connection, ice) => states.push(`${connection}/${ice}`))
    const [outlet] = peer.outlets
    await Promise.all([peer.close(), peer.close()])
    expect(states).toEqual(['closed/closed'])
    expect([peer.outlets, peer.connectionState, peer.iceState]).toEqual([[], 'closed', 'closed'])
    expect(
      outlet!.send({
        payload: new Uint8Array(9),
        sequence: 1,
        timestamp: 1,
        marker: true,
        pictureIdOffset: -1,
        pictureId: 0,
      }),
    ).toBe(false)
    expect(peer.sendControl('x')).toBe(false)
    await expect(peer.addCandidate(host(9))).resolves.toBeUndefined()
  })

  it('may never have begun', async () => {
    const peer = await factory.createPeer()
    await peer.close()
    expect([peer.connectionState, peer.timings]).toEqual(['closed', {}])
  })
})

describe('the control channel', () => {
  it('takes no text that is longer than a note may be', async () => {
    const { peer, viewer } = await connectPair(factory)
    onTestFinished(async () => {
      await viewer.close()
      await peer.close()
    })
    await until(() => peer.sendControl('x'.repeat(maxControlLength * 4)))
    expect(peer.sendControl('x'.repeat(maxControlLength * 4 + 1))).toBe(false)
  })
})
