import { describe, expect, it, onTestFinished } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { silentLogger } from '../../../src/lib/base/logger.ts'
import { createSignallingHandler, createSignallingSession } from '../../../src/lib/ws/signalling.ts'
import { socketsAt, startHttp } from '../../support/http-api.ts'
import { createStillClock } from '../../support/http-clock.ts'
import { cids, createMemoryEngine, type MemoryEngine, offerSdp, snapshotOf } from '../../support/http-engine.ts'

type Message = Record<string, unknown> & { type: string }

function connect(engine: MemoryEngine = createMemoryEngine(), clock = createStillClock()) {
  const sent: Message[] = []
  const closed: number[] = []
  const session = createSignallingSession({
    engine,
    clock,
    logger: silentLogger,
    version: '1.2.3',
    clientId: 'client-1',
    owner: '127.0.0.1',
    requireContent(content) {
      if (content === 'forbidden') throw new McpxError('FORBIDDEN', 'not yours')
    },
    send: (text) => sent.push(JSON.parse(text)),
    close: (code) => closed.push(code),
  })
  session.start()
  /** Everything that was sent since the last call, once nothing more is coming. */
  const settle = async () => {
    await new Promise(setImmediate)
    return sent.splice(0)
  }
  const say = async (...messages: unknown[]) => {
    for (const message of messages) session.receive(typeof message === 'string' ? message : JSON.stringify(message))
    return settle()
  }
  return { engine, clock, session, sent, closed, say, settle }
}

async function streaming(extra: object = {}) {
  const client = connect()
  await client.settle()
  const [offer] = await client.say({ type: 'offer_request', cid: cids.film, ...extra })
  const pc_id = offer!.pc_id as string
  await client.say({ type: 'answer', pc_id, sdp: offerSdp })
  return { ...client, pc_id }
}

describe('dialect A', () => {
  it('begins with a welcome', async () => {
    const { settle } = connect()
    expect(await settle()).toEqual([
      {
        type: 'welcome',
        client_id: 'client-1',
        message: expect.any(String),
        capabilities: ['video', 'audio'],
        notification_support: true,
        server_info: { version: '1.2.3', features: expect.any(Array) },
      },
    ])
  })

  it('offers on request, and is connected by an answer', async () => {
    const { say, settle, engine } = connect()
    await settle()
    const request = {
      type: 'offer_request',
      cid: cids.film,
      kind: 'video',
      frameRate: 30,
      quality: 'low',
      session_id: 's',
    }
    expect(await say(request)).toEqual([
      {
        type: 'offer',
        pc_id: 'stream-1',
        sdp: expect.stringMatching(/^v=0/),
        sdpType: 'offer',
        cid: cids.film,
        ice_servers: [],
        session_id: 's',
      },
    ])
    expect(engine.argsOf('open')[0]![0]).toMatchObject({ content: cids.film, quality: 'low', owner: '127.0.0.1' })
    const answer = { type: 'answer', pc_id: 'stream-1', sdp: offerSdp, session_id: 's' }
    expect(await say(answer)).toEqual([{ type: 'connected', pc_id: 'stream-1' }])
    expect(engine.argsOf('acceptAnswer')).toEqual([['stream-1', offerSdp]])
  })

  it('trickles both ways, and holds what comes before its offer or answer', async () => {
    const engine = createMemoryEngine()
    const plain = engine.createOffer.bind(engine)
    const local = { candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0 }
    engine.createOffer = async (id) => {
      engine.events.emit('candidate', id, local)
      return plain(id)
    }
    const { say, settle } = connect(engine)
    await settle()
    const [offer, candidate] = await say({ type: 'offer_request', cid: cids.film })
    expect(offer).toMatchObject({ type: 'offer' })
    expect(candidate).toEqual({ type: 'candidate', pc_id: 'stream-1', ...local })

    await say({ type: 'candidate', pc_id: 'stream-1', candidate: 'candidate:2', sdpMid: '0', sdpMLineIndex: 0 })
    expect(engine.argsOf('addCandidate')).toEqual([])
    await say({ type: 'answer', pc_id: 'stream-1', sdp: offerSdp })
    await say(
      { type: 'candidate', candidate: { candidate: 'candidate:3', sdpMid: '1', sdpMLineIndex: 1 } },
      { type: 'candidate', pc_id: 'stream-1', candidate: null },
    )
    expect(engine.argsOf('addCandidate')).toEqual([
      ['stream-1', { candidate: 'candidate:2', sdpMid: '0', sdpMLineIndex: 0 }],
      ['stream-1', { candidate: 'candidate:3', sdpMid: '1', sdpMLineIndex: 1 }],
      ['stream-1', null],
    ])
    engine.events.emit('candidate', 'stream-1', null)
    engine.events.emit('candidate', 'somebody-else', local)
    expect(await settle()).toEqual([
      { type: 'candidate', pc_id: 'stream-1', candidate: '', sdpMid: null, sdpMLineIndex: null },
    ])
  })

  it('adds a second stream as a track_offer', async () => {
    const { say, pc_id, engine } = await streaming()
    engine.store.files.set(cids.other, new Uint8Array(1))
    const [offer] = await say({ type: 'add_track', pc_id, cid: cids.other, kind: 'audio', frameRate: 30 })
    expect(offer).toMatchObject({ type: 'track_offer', pc_id: 'stream-2', sdpType: 'offer', cid: cids.other })
  })

  it('gives statistics of one stream or of all, with every key of the origin', async () => {
    const { say, pc_id } = await streaming()
    const [one] = await say({ type: 'get_stats', pc_id, include_global: true })
    expect(Object.keys(one!.connection_stats as object).sort()).toEqual(
      'active,adaptation_changes,bandwidth_estimate,buffer_health,bytes_sent,cid,connection_quality_score,created_at,current_time,dropped_frame_rate,duration,frame_rate,frames_dropped,frames_sent,ice_candidates_added,jitter,kind,packet_loss,quality,rtt,state,streams_active'.split(
        ',',
      ),
    )
    expect(one).toMatchObject({
      type: 'stats',
      pc_id,
      connection_stats: { rtt: 20, packet_loss: 1, jitter: 4, bytes_sent: 300_000, frames_sent: 60, frame_rate: 30 },
      global_metrics: { total_connections: 1 },
    })
    await say({ type: 'offer_request', cid: cids.film })
    const [all] = await say({ type: 'get_stats' })
    expect(Object.keys(all!.connection_stats as object)).toEqual([pc_id, 'stream-2'])
  })

  it('sets the quality, and says when it cannot', async () => {
    const { say, pc_id, engine } = await streaming()
    expect(await say({ type: 'set_quality', pc_id, quality: 'high' })).toEqual([
      { type: 'quality_result', pc_id, quality: 'high', success: true },
    ])
    expect(engine.argsOf('command')).toEqual([[pc_id, { type: 'quality', quality: 'high' }]])
    engine.command = async () => {
      throw new McpxError('STREAM_CONFLICT', 'there is only one rung')
    }
    expect(await say({ type: 'set_quality', pc_id, quality: 10 })).toEqual([
      { type: 'quality_result', pc_id, quality: 10, success: false, error: 'there is only one rung' },
    ])
  })

  it('closes one stream, or all', async () => {
    const { say, pc_id, engine } = await streaming()
    expect(await say({ type: 'close', pc_id })).toEqual([{ type: 'closed', pc_id, reason: 'requested' }])
    await say({ type: 'offer_request', cid: cids.film }, { type: 'offer_request', cid: cids.film })
    expect(await say({ type: 'close' })).toEqual([{ type: 'closed_all', count: 2 }])
    expect(engine.list().every(({ state }) => state === 'closed')).toBe(true)
  })

  it('answers a ping while a stream is still opening', async () => {
    const gate = Promise.withResolvers<void>()
    const client = connect(createMemoryEngine({ beforeOpen: () => gate.promise }))
    await client.settle()
    const answers = await client.say({ type: 'offer_request', cid: cids.film }, { type: 'ping' })
    expect(answers).toEqual([{ type: 'pong', timestamp: client.clock.wallMs() / 1000 }])
    gate.resolve()
    expect(await client.settle()).toMatchObject([{ type: 'offer' }])
  })

  it('tells of quality now and then, with every number there', async () => {
    const { engine, settle, clock, pc_id } = await streaming()
    engine.set(pc_id, { state: 'active', connectedAtMs: 2_000 })
    const snapshot = snapshotOf(engine.get(pc_id)!)
    engine.tell(snapshot)
    engine.tell(snapshot)
    expect(await settle()).toEqual([
      {
        type: 'notification',
        notification_type: 'webrtc_quality_changed',
        timestamp: clock.wallMs() / 1000,
        data: {
          pc_id,
          cid: cids.film,
          quality_level: 'high',
          network_score: 95,
          connection_quality_score: 100,
          buffer_level: 1.5,
          duration: 1,
          network_metrics: { rtt: 20, packet_loss: 1, bandwidth_estimate: 1_200_000, jitter: 4 },
        },
      },
    ])
    clock.advance(5_000)
    const { roundTripTimeS: _, ...video } = snapshot.video!
    engine.tell({ ...snapshot, video }, { ...snapshot, streamId: 'other' })
    expect(await settle()).toMatchObject([{ data: { network_metrics: { rtt: 0 } } }])
  })

  it('tells of a stream that ended by itself, with the error first', async () => {
    const { engine, settle, pc_id } = await streaming()
    const error = { code: 'MEDIA_CORRUPT', message: 'cut off', hint: 'h' } as const
    engine.set(pc_id, { state: 'closed', closeReason: 'content_failed', error })
    expect(await settle()).toEqual([
      { type: 'error', message: 'cut off', code: 'MEDIA_CORRUPT', hint: 'h', pc_id },
      { type: 'closed', pc_id, reason: 'content_failed' },
    ])
  })
})

describe('dialect B', () => {
  it('is told by its offer_request, and gets its own results besides', async () => {
    const { say, settle } = connect()
    await settle()
    await say({ type: 'offer_request', cid: cids.film, pc_id: null, track_ids: [] })
    expect(await say({ type: 'answer', pc_id: 'stream-1', sdp: offerSdp })).toEqual([
      { type: 'connected', pc_id: 'stream-1' },
      { type: 'answer_result', success: true, pc_id: 'stream-1' },
    ])
    expect(await say({ type: 'add_ipfs_track', cid: cids.film, pc_id: 'stream-1', track_id: 't' })).toMatchObject([
      { type: 'track_offer', pc_id: 'stream-2' },
      { type: 'add_track_result', success: true, pc_id: 'stream-2' },
    ])
    expect(await say({ type: 'add_ipfs_track', cid: cids.missing })).toMatchObject([
      { type: 'add_track_result', success: false, error: expect.stringContaining('nobody has') },
      { type: 'error', code: 'CONTENT_NOT_FOUND' },
    ])
    expect(await say({ type: 'stats_request', pc_id: 'stream-1' })).toMatchObject([
      { type: 'stats', pc_id: 'stream-1', stats: { cid: cids.film }, timestamp: expect.any(Number) },
    ])
    expect(await say({ type: 'quality_change', pc_id: 'stream-1', quality: 'low' })).toMatchObject([
      { type: 'quality_result', success: true },
    ])
    expect(await say({ type: 'close', pc_id: 'stream-1' })).toMatchObject([
      { type: 'closed' },
      { type: 'close_result', success: true, pc_id: 'stream-1' },
    ])
  })

  it('hears of an answer that is refused', async () => {
    const { say, settle } = connect()
    await settle()
    await say({ type: 'offer_request', cid: cids.film, track_ids: [] })
    expect(await say({ type: 'answer', pc_id: 'stream-1', sdp: 'nonsense' })).toMatchObject([
      { type: 'answer_result', success: false },
      { type: 'error', code: 'INVALID_SDP', pc_id: 'stream-1' },
    ])
  })
})

describe('a client', () => {
  it('cannot touch the streams of another', async () => {
    const engine = createMemoryEngine()
    const victim = connect(engine)
    await victim.say({ type: 'offer_request', cid: cids.film })
    const attacker = connect(engine)
    await attacker.settle()
    for (const message of [
      { type: 'answer', pc_id: 'stream-1', sdp: offerSdp },
      { type: 'candidate', pc_id: 'stream-1', candidate: 'candidate:1' },
      { type: 'get_stats', pc_id: 'stream-1' },
      { type: 'set_quality', pc_id: 'stream-1', quality: 'low' },
      { type: 'close', pc_id: 'stream-1' },
    ])
      expect(await attacker.say(message)).toMatchObject([{ type: 'error', code: 'STREAM_NOT_FOUND' }])
    expect(await attacker.say({ type: 'close' })).toEqual([{ type: 'closed_all', count: 0 }])
    await attacker.session.stop()
    expect(engine.get('stream-1')?.state).toBe('connecting')
    expect(engine.calls.map(({ name }) => name)).toEqual(['open', 'createOffer'])
  })

  it('that leaves closes its own streams, also one that is still opening', async () => {
    const gate = Promise.withResolvers<void>()
    let isFirst = true
    const engine = createMemoryEngine({
      beforeOpen: async ({ signal }) => {
        if (isFirst) isFirst = false
        else await gate.promise
        expect(signal).toBeDefined()
      },
    })
    // An engine that finishes opening although the client has left.
    const open = engine.open.bind(engine)
    engine.open = ({ signal: _, ...request }) => open({ ...request, signal: new AbortController().signal })
    const { session, say, settle } = connect(engine)
    await say({ type: 'offer_request', cid: cids.film }, { type: 'offer_request', cid: cids.film })
    await session.stop()
    gate.resolve()
    expect(await settle()).toEqual([])
    expect(engine.list().map(({ state }) => state)).toEqual(['closed', 'closed'])
    engine.events.emit('stream', engine.list()[0]!)
    expect(await say({ type: 'ping' })).toEqual([])
  })

  it('may have 16 streams', async () => {
    const { say, settle } = connect()
    await settle()
    const answers = await say(...Array.from({ length: 17 }, () => ({ type: 'offer_request', cid: cids.film })))
    expect(answers.filter(({ type }) => type === 'offer')).toHaveLength(16)
    expect(answers.filter(({ code }) => code === 'TOO_MANY_STREAMS')).toHaveLength(1)
  })

  it('is dropped when a message is too long, or messages come too fast', async () => {
    const long = connect()
    await long.settle()
    expect(await long.say('x'.repeat(256 * 1024 + 1))).toMatchObject([{ type: 'error', code: 'MESSAGE_TOO_LARGE' }])
    expect(long.closed).toEqual([1009])

    const fast = connect()
    await fast.settle()
    const answers = await fast.say(...Array.from({ length: 201 }, () => ({ type: 'ping' })))
    expect(answers.filter(({ type }) => type === 'pong')).toHaveLength(200)
    expect(answers.at(-1)).toMatchObject({ type: 'error', code: 'RATE_LIMITED' })
    expect(fast.closed).toEqual([1008])
    fast.clock.advance(20)
    expect(await fast.say({ type: 'ping' })).toMatchObject([{ type: 'pong' }])
  })

  it.each([
    ['{', 'Invalid JSON message'],
    ['{"type":"dance"}', 'Unknown message type: dance'],
    ['{"type":"set_quality"}', 'Missing pc_id or quality parameter'],
    ['{"type":"candidate","candidate":"x"}', 'Missing pc_id parameter'],
    [`{"type":"offer_request","cid":"${cids.missing}"}`, `nobody has ${cids.missing}`],
    ['{"type":"offer_request","cid":"forbidden"}', 'not yours'],
  ])('hears what was wrong with %s and goes on', async (text, message) => {
    const { say, settle } = connect()
    await settle()
    expect(await say(text)).toMatchObject([
      { type: 'error', message, code: expect.any(String), hint: expect.any(String) },
    ])
    expect(await say({ type: 'ping' })).toMatchObject([{ type: 'pong' }])
  })

  it('does not hear what is inside the server', async () => {
    const engine = createMemoryEngine()
    engine.createOffer = async () => {
      throw new Error('/home/me/secret')
    }
    const { say, settle } = connect(engine)
    await settle()
    const [error] = await say({ type: 'offer_request', cid: cids.film })
    expect(error!.message).toBe('Server error: the server could not do this')
    expect(engine.get('stream-1')?.state).toBe('closed')
  })
})

it('goes over a real WebSocket', async () => {
  const engine = createMemoryEngine()
  const handler = createSignallingHandler({ engine, clock: createStillClock(), logger: silentLogger, version: '1' })
  const { port } = await startHttp({}, { engine, sockets: socketsAt('/ws/webrtc', handler) })
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws/webrtc`)
  onTestFinished(() => socket.close())
  const heard: Message[] = []
  const next = Promise.withResolvers<void>()
  socket.addEventListener('message', ({ data }) => {
    heard.push(JSON.parse(data))
    if (heard.length === 1) socket.send(JSON.stringify({ type: 'offer_request', cid: cids.film }))
    else next.resolve()
  })
  await next.promise
  expect(heard.map(({ type }) => type)).toEqual(['welcome', 'offer'])
  const closed = engine.events.next('stream')
  socket.close()
  expect(await closed).toMatchObject([{ id: 'stream-1', state: 'closed', closeReason: 'viewer_left' }])
})
