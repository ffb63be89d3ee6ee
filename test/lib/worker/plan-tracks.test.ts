import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CodecParameters } from '../../../src/lib/model/codec.ts'
import type { Track } from '../../../src/lib/model/track.ts'
import { chosenCodecs, type PlanInput, planTracks, sentTracks } from '../../../src/lib/worker/plan-tracks.ts'
import { planRules } from '../../../src/lib/worker/transcode-rules.ts'

const vp8: CodecParameters = { codec: 'vp8', parameters: {} }
const vp9: CodecParameters = { codec: 'vp9', parameters: { 'profile-id': '0' } }
const h264: CodecParameters = {
  codec: 'h264',
  parameters: { 'profile-level-id': '42e01f', 'packetization-mode': '1', 'level-asymmetry-allowed': '1' },
}
const opus: CodecParameters = { codec: 'opus', parameters: {}, channels: 2 }
const chromium = { video: [vp8, vp9, h264], audio: [opus] }

const picture = { kind: 'video', width: 1280, height: 720, frameRate: 30 } as const
const vp9Track: Track = { ...picture, id: 1, codec: 'vp9', codecString: 'vp09.00.31.08' }
const highTrack: Track = { ...picture, id: 1, codec: 'h264', codecString: 'avc1.64001f', reordered: true }
const opusTrack: Track = { id: 2, kind: 'audio', codec: 'opus', codecString: 'opus', channels: 2, language: 'deu' }
const aacTrack: Track = { id: 2, kind: 'audio', codec: 'aac', codecString: 'mp4a.40.2', channels: 6 }

const plan = (input: Partial<PlanInput>) =>
  planTracks({ video: [], viewer: chromium, canTranscode: true, ...input }, planRules)

describe('the plan of what a viewer is sent', () => {
  it('sends as stored what the viewer decodes as it is, every rung of it', () => {
    const low = { ...vp9Track, id: 0, width: 640, height: 360 }
    const { video, audio } = plan({ video: [low, vp9Track], audio: opusTrack })
    expect(video).toEqual({
      codec: vp9,
      transcoded: false,
      rungs: [
        { track: low, source: 0 },
        { track: vp9Track, source: 1 },
      ],
    })
    expect(audio).toEqual({ codec: opus, transcoded: false, rungs: [{ track: opusTrack, source: 0 }] })
  })

  it('transcodes what it does not, into the cheapest codec that the viewer takes', () => {
    const made = plan({ video: [highTrack], audio: aacTrack })
    expect(made.video).toMatchObject({ codec: h264, transcoded: true })
    expect(made.video!.rungs.map(({ recipe }) => recipe?.kind === 'video' && recipe.height)).toEqual([
      240, 360, 480, 720,
    ])
    expect(made.audio).toMatchObject({ codec: opus, transcoded: true })
    expect(made.audio!.rungs[0]!.recipe).toMatchObject({ kind: 'audio', channels: 2 })
    expect(plan({ video: [highTrack], viewer: { video: [vp9, vp8], audio: [] } }).video?.codec).toEqual(vp8)
  })

  it.each([
    ['turned', { rotation: 90 }],
    ['anamorphic', { displayWidth: 1707, displayHeight: 720 }],
  ] as const)('makes a %s picture anew where it can, and sends it as it is where it cannot', (_, shape) => {
    const track = { ...vp9Track, ...shape }
    expect(plan({ video: [track] }).video).toMatchObject({ transcoded: true })
    expect(plan({ video: [track], canTranscode: false }).video).toMatchObject({ transcoded: false, codec: vp9 })
  })

  it('leaves out the kind that the viewer does not want', () => {
    expect(plan({ video: [vp9Track], audio: opusTrack, viewer: { video: [], audio: [opus] } })).not.toHaveProperty(
      'video',
    )
    expect(plan({ video: [vp9Track], audio: opusTrack, viewer: { video: [vp9], audio: [] } })).not.toHaveProperty(
      'audio',
    )
  })

  it('leaves out sound that it cannot make, but never a picture', () => {
    expect(plan({ video: [vp9Track], audio: aacTrack, canTranscode: false })).not.toHaveProperty('audio')
    const blind = () => plan({ video: [highTrack], audio: opusTrack, canTranscode: false })
    expect(blind).toThrow(
      expect.objectContaining({ code: 'ENCODER_MISSING', message: expect.stringContaining('avc1') }),
    )
  })

  it('says CODEC_UNSUPPORTED where an encoder is no help', () => {
    const av1Only = { video: [{ codec: 'av1', parameters: {} }], audio: [] } as const
    expect(() => plan({ video: [highTrack], viewer: av1Only })).toThrow(
      expect.objectContaining({ code: 'CODEC_UNSUPPORTED' }),
    )
    expect(() => plan({ viewer: chromium })).toThrow(expect.objectContaining({ code: 'CODEC_UNSUPPORTED' }))
  })

  it('tells what is sent in the words of the wire', () => {
    const made = plan({ video: [highTrack], audio: opusTrack })
    expect(chosenCodecs(made)).toEqual({ video: h264, audio: opus })
    expect(sentTracks(made)).toEqual([
      { kind: 'video', codec: 'h264', sourceCodec: 'h264', transcoded: true },
      { kind: 'audio', codec: 'opus', sourceCodec: 'opus', transcoded: false, language: 'deu' },
    ])
  })

  it('chooses only codecs of the viewer, all rungs in one, whatever is stored and wanted', () => {
    const video = fc.array(
      fc.record({
        track: fc.constantFrom(vp9Track, highTrack, { ...vp9Track, codecString: 'vp09.02.31.10' }),
        rotation: fc.constantFrom(0 as const, 90 as const),
        width: fc.integer({ min: 16, max: 4000 }),
      }),
      { maxLength: 4 },
    )
    const viewer = fc.record({ video: fc.subarray([vp8, vp9, h264]), audio: fc.subarray([opus]) })
    const audio = fc.constantFrom(undefined, opusTrack, aacTrack)
    fc.assert(
      fc.property(video, audio, viewer, fc.boolean(), (stored, audio, viewer, canTranscode) => {
        const tracks = stored.map(({ track, ...over }, id) => ({ ...track, ...over, id }))
        let made: ReturnType<typeof plan>
        try {
          made = plan({ video: tracks, ...(audio && { audio }), viewer, canTranscode })
        } catch (error) {
          expect(error).toMatchObject({ code: canTranscode ? 'CODEC_UNSUPPORTED' : 'ENCODER_MISSING' })
          return
        }
        expect(made.video ?? made.audio).toBeDefined()
        for (const kind of ['video', 'audio'] as const) {
          const planned = made[kind]
          if (!planned) continue
          expect(viewer[kind]).toContain(planned.codec)
          expect(planned.rungs.length).toBeGreaterThan(0)
          for (const { track, recipe } of planned.rungs) {
            expect(recipe !== undefined).toBe(planned.transcoded)
            expect(recipe?.codec ?? track.codec).toBe(planned.codec.codec)
          }
        }
      }),
      { seed: 11 },
    )
  })
})
