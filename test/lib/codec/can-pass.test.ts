import { describe, expect, it } from 'vitest'
import { canPass } from '../../../src/lib/codec/index.ts'
import type { CodecParameters } from '../../../src/lib/model/codec.ts'
import type { RtpCodec, Track } from '../../../src/lib/model/track.ts'

const track = (codec: string, codecString: string, more: Partial<Track> = {}): Track => ({
  ...{ id: 1, kind: codec === 'opus' ? 'audio' : 'video', codec, codecString },
  ...more,
})
const offer = (codec: RtpCodec, parameters: Record<string, string> = {}): CodecParameters => ({ codec, parameters })
const h264 = (level: string, more: Record<string, string> = {}) =>
  offer('h264', { 'profile-level-id': level, 'packetization-mode': '1', ...more })
const asymmetric = { 'level-asymmetry-allowed': '1' }

describe('passing a track through', () => {
  it.each([
    ['constrained baseline to itself', 'avc1.42c01f', h264('42e01f'), true],
    ['constrained baseline to baseline', 'avc1.42e01f', h264('42001f'), true],
    ['constrained baseline to main', 'avc1.42e01f', h264('4d001f'), true],
    ['constrained baseline to high', 'avc1.42e01f', h264('64001f'), true],
    ['baseline (FMO, ASO) to constrained baseline', 'avc1.42001f', h264('42e01f'), false],
    ['baseline to main', 'avc1.42001f', h264('4d001f'), false],
    ['main to constrained baseline', 'avc1.4d001f', h264('42e01f'), false],
    ['main to main', 'avc1.4d401f', h264('4d001f'), true],
    ['main to high', 'avc1.4d001f', h264('64001f'), true],
    ['high to main', 'avc1.64001f', h264('4d001f'), false],
    ['high to constrained high', 'avc1.64001f', h264('640c1f'), false],
    ['constrained high to high', 'avc1.640c1f', h264('64001f'), true],
    ['high to high 4:4:4', 'avc1.64001f', h264('f4001f'), true],
    ['ten bits to high', 'avc1.6e001f', h264('64001f'), false],
    ['a higher level', 'avc1.42e028', h264('42e01f'), false],
    ['a higher level where levels may differ', 'avc1.42e028', h264('42e01f', asymmetric), true],
    ['a lower level', 'avc1.42e00d', h264('42e01f'), true],
    ['mode 0', 'avc1.42e01f', h264('42e01f', { 'packetization-mode': '0' }), false],
    ['absent mode', 'avc1.42e01f', offer('h264', { 'profile-level-id': '42e01f' }), false],
    ['absent profile (baseline 1.0)', 'avc1.42e00a', offer('h264', { 'packetization-mode': '1' }), true],
    ['absent profile, higher level', 'avc1.42e01f', offer('h264', { 'packetization-mode': '1' }), false],
    ['garbage in the offer', 'avc1.42e01f', h264('zzz'), false],
    ['garbage in the track', 'avc1', h264('42e01f'), false],
  ])('H.264: %s', (_, codecString, offered, passes) => {
    expect(canPass(track('h264', codecString), [offered])).toBe(passes ? offered : undefined)
  })

  it.each([
    ['profile 0 where nothing is said', 'vp09.00.11.08', {}, true],
    ['profile 0 to 0', 'vp09.00.11.08.01.02.02.02.00', { 'profile-id': '0' }, true],
    ['profile 2 to 0', 'vp09.02.11.10', { 'profile-id': '0' }, false],
    ['profile 2 to 2', 'vp09.02.11.10', { 'profile-id': '2' }, true],
    ['profile 0 to 2', 'vp09.00.11.08', { 'profile-id': '2' }, false],
    ['4:4:4 to 0', 'vp09.01.11.08.03', { 'profile-id': '0' }, false],
    ['ten bits that claim profile 0', 'vp09.00.11.10', {}, false],
    ['garbage', 'vp09.x', {}, false],
  ])('VP9: %s', (_, codecString, parameters, passes) => {
    expect(canPass(track('vp9', codecString), [offer('vp9', parameters)]) !== undefined).toBe(passes)
  })

  it.each([
    ['main to what browsers offer', 'av01.0.08M.08', { 'level-idx': '5', profile: '0', tier: '0' }, true],
    ['main where nothing is said', 'av01.0.04M.08', {}, true],
    ['within a level', 'av01.0.08M.08', { 'level-idx': '8' }, true],
    ['over a level', 'av01.0.09M.08', { 'level-idx': '8' }, false],
    ['high tier', 'av01.0.08H.08', {}, false],
    ['high tier to high tier', 'av01.0.08H.08', { tier: '1' }, true],
    ['another profile', 'av01.1.04M.08', {}, false],
    ['ten bits', 'av01.0.04M.10', {}, false],
    ['garbage', 'av01', {}, false],
  ])('AV1: %s', (_, codecString, parameters, passes) => {
    expect(canPass(track('av1', codecString), [offer('av1', parameters)]) !== undefined).toBe(passes)
  })

  it('Opus: one or two channels', () => {
    const channels = (count: number) =>
      canPass(track('opus', 'opus', { channels: count }), [offer('opus')]) !== undefined
    expect([1, 2, 6].map(channels)).toEqual([true, true, false])
  })

  it('takes the first that fits in the order of the viewer', () => {
    const offers = [offer('vp8'), h264('42e01f', { 'packetization-mode': '0' }), h264('42e01f'), h264('64001f')]
    expect(canPass(track('h264', 'avc1.42e01f'), offers)).toBe(offers[2])
  })

  it('never passes frames out of order, nor a codec that was not offered', () => {
    expect(canPass(track('vp8', 'vp8', { reordered: true }), [offer('vp8')])).toBeUndefined()
    expect(canPass(track('vp8', 'vp8'), [offer('vp9')])).toBeUndefined()
    expect(canPass(track('aac', 'mp4a.40.2'), [offer('opus')])).toBeUndefined()
  })
})
