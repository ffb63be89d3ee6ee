import { expect, it } from 'vitest'
import { RtpFormats } from '../../../../src/lib/webrtc/rtp/rtp-formats.ts'
import { parseSdp } from '../../../../src/lib/webrtc/sdp/sdp.ts'
import { offers } from '../../../support/webrtc-offers.ts'

it('knows what a payload type means, and which media an RTX belongs to', () => {
  const formats = new RtpFormats()
  formats.learn(parseSdp(offers.chrome).sections)
  expect(formats.of(111)).toEqual({ kind: 'audio', codec: 'opus', payloadType: 111, isRtx: false })
  expect(formats.of(96)).toEqual({ kind: 'video', codec: 'vp8', payloadType: 96, isRtx: false })
  expect(formats.of(97)).toEqual({ kind: 'video', codec: 'vp8', payloadType: 96, isRtx: true })
  expect(formats.of(12)).toBeUndefined()
  expect(formats.transportSequenceId).toBeTypeOf('number')
})
