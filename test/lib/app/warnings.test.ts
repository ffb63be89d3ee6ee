import { expect, it } from 'vitest'
import { warningsOf } from '../../../src/lib/app/warnings.ts'
import { completeServeOptions, type ServeOptions } from '../../../src/lib/model/serve-options.ts'

const options = (over: Partial<ServeOptions> = {}): ServeOptions => ({ ...completeServeOptions({}), ...over })
const metricsOn = (port: number, requested: number) => ({ url: `http://127.0.0.1:${port}`, port, requested })
const warned = (over: Partial<ServeOptions>, metrics?: Parameters<typeof warningsOf>[2]) =>
  warningsOf(options(over), { encoder: 'ffmpeg' }, metrics)

it('are none of what a server is by itself', () => {
  expect(warned({})).toEqual([])
  expect(warned({}, metricsOn(9090, 9090))).toEqual([])
})

it('say that the metrics are on another port, where one was asked for', () => {
  expect(warned({}, metricsOn(40_000, 9090))).toEqual([expect.stringMatching(/^port 9090 is taken.* on port 40000\./)])
  expect(warned({}, metricsOn(40_000, 0))).toEqual([])
})

it('say that no reports are written without the monitor, where some were asked for', () => {
  const off = { disableWebrtcMonitor: true }
  expect(warned(off)).toEqual([])
  for (const asked of [{ reportPath: './reports' }, { webrtcConfigPath: 'monitor.json' }])
    expect(warned({ ...off, ...asked })).toEqual([expect.stringContaining('no reports and dashboards are written')])
})

it('say how often streams are measured where that is often', () => {
  expect(warned({ pollInterval: 0.5 })).toEqual([])
  expect(warned({ pollInterval: 0.1 })).toEqual([expect.stringContaining('10 times a second')])
})

it('say that there is no encoder', () => {
  expect(warningsOf(options(), { encoder: 'none' }, undefined)).toEqual([expect.stringContaining('no encoder')])
})

it.each([
  ['everybody can use it', { host: '0.0.0.0' }, /^everybody who reaches 0\.0\.0\.0 can use this server/],
  ['its token can be guessed', { host: '0.0.0.0', authToken: 'a' }, /^the token of this server can be guessed/],
])('say of a server that is insecure on purpose that %s, and never its token', (_what, over, text) => {
  expect(warned({ ...over, insecure: true })).toEqual([expect.stringMatching(text)])
  expect(warned({ ...over, host: '127.0.0.1', insecure: true })).toEqual([])
  const secret = 'a-token-that-nobody-guesses-0123456789'
  expect(warned({ host: '0.0.0.0', authToken: secret, insecure: true })).toEqual([])
  expect(JSON.stringify(warned({ host: '0.0.0.0', authToken: 'weakling', insecure: true }))).not.toContain('weakling')
})
