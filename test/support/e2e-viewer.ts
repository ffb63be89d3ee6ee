// The viewer without a screen against a running server, as `mcpx stream` uses it: for tests that need many, or no browser.
import { systemClock } from '../../src/lib/base/clock.ts'
import { createApi } from '../../src/lib/client/api.ts'
import type { StreamRequest } from '../../src/lib/client/door.ts'
import { openViewer, type Viewer } from '../../src/lib/client/viewer.ts'
import { whepDoor } from '../../src/lib/client/whep-client.ts'
import { createReceivingPeer } from '../../src/lib/webrtc/receiving-peer.ts'
import { run, until } from './e2e.ts'
import type { UdpCable } from './udp-cable.ts'

/** Opens a stream; the caller closes it. */
export function openHeadless(server: { url: string }, request: StreamRequest): Promise<Viewer> {
  const door = whepDoor(createApi({ url: server.url }), systemClock)
  return openViewer(request, {
    door,
    clock: systemClock,
    createPeer: () => createReceivingPeer({ clock: systemClock }),
  })
}

/** The same at the other end of a cable. */
export function openHeadlessThrough(cable: UdpCable, server: { url: string }, request: StreamRequest): Promise<Viewer> {
  const createPeer = async () => {
    const peer = await createReceivingPeer({ clock: systemClock, bindAddresses: ['127.0.0.1'] })
    const [offer, acceptAnswer] = [peer.offer.bind(peer), peer.acceptAnswer.bind(peer)]
    peer.offer = async (options) => cable.toServer(await offer(options))
    peer.acceptAnswer = (sdp) => acceptAnswer(cable.toViewer(sdp))
    return peer
  }
  const door = whepDoor(createApi({ url: server.url }), systemClock)
  return openViewer(request, { door, clock: systemClock, createPeer })
}

/** Resolves when this many more frames have arrived whole. */
export function receives(viewer: Viewer, frames: number, timeoutMs = 15_000): Promise<boolean> {
  const wanted = viewer.snapshot().framesReceived + frames
  const look = () => {
    const now = viewer.snapshot()
    if (now.framesReceived >= wanted) return true
    throw new Error(JSON.stringify(now))
  }
  return until(`${frames} more frames arrive`, look, { timeoutMs })
}

/** The error a stream ended with; fails when it ended without one. */
export async function failureOf(viewer: Viewer): Promise<{ code: string; message: string }> {
  const end = await viewer.done.then(
    (done) => done,
    (error: unknown) => error,
  )
  if (end instanceof Error) return end as Error & { code: string }
  throw new Error(`the stream ended without an error: ${JSON.stringify(end)}`)
}

/** Makes a VP8 clip of so many seconds that holds about 250 kB each: more than anybody reads ahead. */
export async function makeLongClip(path: string, seconds: number): Promise<void> {
  const source = `testsrc2=size=320x180:rate=30:duration=${seconds},noise=alls=60:allf=t`
  const codec = '-c:v libvpx -deadline realtime -cpu-used 8 -b:v 2M -minrate 2M -maxrate 2M -g 30 -auto-alt-ref 0'
  await run('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', source, ...codec.split(' '), path])
}
