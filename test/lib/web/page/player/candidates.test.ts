import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { CandidateSender } from '../../../../../src/web/player/candidates.ts'

const sdp = 'v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=ice-ufrag:u\r\na=ice-pwd:p\r\na=mid:0\r\n'

/** A peer connection that finds candidates when told, and the PATCH requests that follow. */
function trickle(localSdp = sdp) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const patches: { readonly url: string; readonly headers: unknown; readonly lines: readonly string[] }[] = []
  vi.stubGlobal('fetch', async (url: string, { method, headers, body }: RequestInit) => {
    expect(method).toBe('PATCH')
    patches.push({ url, headers, lines: String(body).trimEnd().split('\r\n').slice(4) })
    throw new TypeError('a server that takes none')
  })
  onTestFinished(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })
  const peer = Object.assign(new EventTarget(), { localDescription: { sdp: localSdp } })
  const sender = new CandidateSender(peer as unknown as RTCPeerConnection)
  const find = (...candidates: (string | null)[]) => {
    for (const candidate of candidates)
      peer.dispatchEvent(
        Object.assign(new Event('icecandidate'), { candidate: candidate === null ? null : { candidate } }),
      )
  }
  return { patches, sender, find, pass: (ms: number) => vi.advanceTimersByTimeAsync(ms) }
}

describe('candidates on their way to the server', () => {
  it('wait for the answer, and go together', async () => {
    const { patches, sender, find, pass } = trickle()
    find('candidate:1', 'candidate:2')
    await pass(1000)
    expect(patches).toEqual([])
    sender.start('http://s/1', '"e1"')
    await pass(59)
    expect(patches).toEqual([])
    await pass(1)
    expect(patches).toEqual([
      {
        url: 'http://s/1',
        headers: { 'content-type': 'application/trickle-ice-sdpfrag', 'if-match': '"e1"' },
        lines: ['a=candidate:1', 'a=candidate:2'],
      },
    ])
  })

  it('are each sent once, and the last with the word that it is the last', async () => {
    const { patches, sender, find, pass } = trickle()
    sender.start('http://s/1', undefined)
    find('candidate:1')
    await pass(60)
    find('candidate:2', null)
    await pass(60)
    await pass(1000)
    expect(patches.map(({ lines }) => lines)).toEqual([['a=candidate:1'], ['a=candidate:2', 'a=end-of-candidates']])
    expect(patches[0]!.headers).not.toHaveProperty('if-match')
  })

  it('takes an empty candidate for the end, as some browsers say it', async () => {
    const { patches, sender, find, pass } = trickle()
    find('candidate:1', '')
    sender.start('http://s/1', undefined)
    await pass(60)
    expect(patches[0]!.lines).toEqual(['a=candidate:1', 'a=end-of-candidates'])
  })

  it('go nowhere once it is over', async () => {
    const { patches, sender, find, pass } = trickle()
    sender.start('http://s/1', undefined)
    find('candidate:1')
    sender.stop()
    await pass(1000)
    expect(patches).toEqual([])
    const later = trickle()
    later.sender.start('http://s/1', undefined)
    later.sender.stop()
    later.find('candidate:2')
    await later.pass(1000)
    expect(later.patches).toEqual([])
  })

  it('go nowhere where the own description has no ICE', async () => {
    const { patches, sender, find, pass } = trickle('v=0\r\n')
    sender.start('http://s/1', undefined)
    find('candidate:1')
    await pass(1000)
    expect(patches).toEqual([])
  })
})
