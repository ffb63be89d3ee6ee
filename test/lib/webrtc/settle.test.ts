import { expect, it } from 'vitest'
import type { ChosenCodecs, ViewerCodecs } from '../../../src/lib/webrtc/peer.ts'
import { parseSdp } from '../../../src/lib/webrtc/sdp/sdp.ts'
import { settle, settleAgain } from '../../../src/lib/webrtc/settle.ts'
import { offers } from '../../support/webrtc-offers.ts'

const { sections } = parseSdp(offers.chrome)
const [audio, , video] = sections
const choose = (pick: (viewer: ViewerCodecs) => ChosenCodecs) => settle(sections, async (viewer) => pick(viewer))

it('asks with what the first section of each kind can receive, and keeps where the answer is to go', async () => {
  const settled = await choose((viewer) => {
    expect(viewer.video.map(({ codec }) => codec)).toEqual(['vp8', 'h264', 'h264'])
    return { video: viewer.video[0]!, audio: viewer.audio[0]! }
  })
  expect(settled).toMatchObject([
    { section: video, codec: { codec: 'vp8', payloadType: 96 } },
    { section: audio, codec: { codec: 'opus' } },
  ])
  expect(await choose(() => ({}))).toEqual([])
})

it('does not send what was not offered', async () => {
  await expect(choose(() => ({ video: { codec: 'av1', parameters: {} } }))).rejects.toMatchObject({ code: 'INTERNAL' })
})

it('finds what is being sent in a later offer, or says that it is not there', () => {
  const outlet = { kind: 'video', codec: { codec: 'vp8', parameters: {} }, payloadType: 96 } as const
  expect(settleAgain(sections, [outlet])).toMatchObject([{ section: video, codec: { payloadType: 96 } }])
  for (const other of [
    { ...outlet, payloadType: 102 },
    { ...outlet, kind: 'audio' as const },
  ])
    expect(() => settleAgain(sections, [other])).toThrow(expect.objectContaining({ code: 'INVALID_SDP' }))
})
