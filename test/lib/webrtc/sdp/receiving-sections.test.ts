import { expect, it } from 'vitest'
import { receivingAnswer, receivingOffer } from '../../../../src/lib/webrtc/sdp/receiving-sections.ts'
import { parseSdp } from '../../../../src/lib/webrtc/sdp/sdp.ts'
import { offers } from '../../../support/webrtc-offers.ts'

const side = { codecs: { video: [{ codec: 'vp8', parameters: {} }] }, sctpPort: 5000 } as const

it('offers to receive each kind that it can, and a data channel', () => {
  const offered = receivingOffer({
    ...side,
    codecs: { ...side.codecs, audio: [{ codec: 'opus', parameters: {}, channels: 2 }] },
  })
  expect(offered).toMatchObject([
    { kind: 'video', mid: '0', direction: 'recvonly', codecs: [{ codec: 'vp8' }] },
    { kind: 'audio', mid: '1', direction: 'recvonly', codecs: [{ codec: 'opus' }] },
    { kind: 'application', mid: '2', sctpPort: 5000 },
  ])
  expect(receivingOffer({ ...side, codecs: {} })).toMatchObject([{ kind: 'application', mid: '0' }])
})

it('takes what it can receive of an offer, and refuses what it cannot or may not', () => {
  const [audio, data, video] = parseSdp(offers.chrome).sections
  expect(receivingAnswer(video!, true, side)).toMatchObject({
    kind: 'video',
    direction: 'recvonly',
    codecs: [{ codec: 'vp8', payloadType: 96, rtxPayloadType: 97 }],
  })
  expect(receivingAnswer(data!, true, side)).toMatchObject({ kind: 'application', mid: 'data', sctpPort: 5000 })
  expect(receivingAnswer(audio!, true, side)).toEqual({ kind: 'refused', section: audio })
  for (const section of [video!, data!])
    expect(receivingAnswer(section, false, side)).toEqual({ kind: 'refused', section })
})
