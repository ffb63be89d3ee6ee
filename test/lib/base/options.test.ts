// Options: what each type accepts, and which of four places wins.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as option from '../../../src/lib/base/options.ts'

const table = {
  port: option.integer({ help: 'A port', default: 8000, min: 0, max: 65535 }),
  ratio: option.number({ help: 'A ratio', default: 0.5, min: 0, max: 1 }),
  cacheSize: option.bytes({ help: 'A size', default: 1024 }),
  timeout: option.duration({ help: 'A time', default: 30 }),
  name: option.string({ help: 'A name' }),
  loud: option.boolean({ help: 'A switch' }),
  level: option.choice(['debug', 'info'], { help: 'A level', default: 'info', ignoreCase: true }),
  gateway: option.list({ help: 'A list', default: ['one'] }),
  token: option.string({ help: 'A secret', secret: true, env: 'OLD_TOKEN' }),
} as const

describe('consolidation', () => {
  const none = { file: {}, env: {}, flags: {} }
  it.each([
    ['the default', none, 8000, 'default'],
    ['the file over the default', { ...none, file: { port: 1 } }, 1, 'file'],
    ['the environment over the file', { file: { port: 1 }, env: { MCPX_PORT: '2' }, flags: {} }, 2, 'environment'],
    ['the flag over all', { file: { port: 1 }, env: { MCPX_PORT: '2' }, flags: { port: '3' } }, 3, 'flag'],
    ['the flag over the file', { file: { port: 1 }, env: {}, flags: { port: '3' } }, 3, 'flag'],
    ['the file over an empty environment', { file: { port: 1 }, env: { MCPX_PORT: '' }, flags: {} }, 1, 'file'],
  ] as const)('takes %s', (_name, sources, value, origin) => {
    const resolved = option.resolveOptions(table, sources)
    expect(resolved.values.port).toBe(value)
    expect(resolved.origins.port).toBe(origin)
  })

  it('gives every option its default when nothing is said', () => {
    const { values, origins } = option.resolveOptions(table, {})
    expect(values).toEqual({
      port: 8000,
      ratio: 0.5,
      cacheSize: 1024,
      timeout: 30,
      name: undefined,
      loud: false,
      level: 'info',
      gateway: ['one'],
      token: undefined,
    })
    expect(new Set(Object.values(origins))).toEqual(new Set(['default']))
  })

  it('lets a flag switch off what the file switched on', () => {
    expect(option.resolveOptions(table, { file: { loud: true }, flags: { loud: false } }).values.loud).toBe(false)
  })

  it("takes the origin's name of a variable, and ours before it", () => {
    expect(option.resolveOptions(table, { env: { OLD_TOKEN: 'a' } }).values.token).toBe('a')
    expect(option.resolveOptions(table, { env: { OLD_TOKEN: 'a', MCPX_TOKEN: 'b' } }).values.token).toBe('b')
  })
})

describe('values', () => {
  it.each([
    ['port', '65535', 65535],
    ['port', 0, 0],
    ['ratio', '0.25', 0.25],
    ['cacheSize', '64MiB', 64 * 2 ** 20],
    ['cacheSize', '1.5 GB', 1.5e9],
    ['timeout', '1:30', 90],
    ['timeout', '2m', 120],
    ['loud', 'yes', true],
    ['loud', 'no', false],
    ['level', 'DEBUG', 'debug'],
    ['gateway', 'a, b,', ['a', 'b']],
    ['gateway', ['a,b'], ['a,b']],
  ] as const)('reads --%s %j as %j', (key, raw, value) => {
    expect(option.resolveOptions(table, { flags: { [key]: raw } }).values[key]).toEqual(value)
  })

  it.each([
    ['port', '65536'],
    ['port', '-1'],
    ['port', '80.5'],
    ['port', '0x50'],
    ['port', ''],
    ['port', true],
    ['ratio', 'NaN'],
    ['ratio', 'Infinity'],
    ['cacheSize', '10 potatoes'],
    ['cacheSize', -5],
    ['timeout', 'soon'],
    ['loud', 'maybe'],
    ['level', 'loud'],
    ['gateway', [1]],
    ['name', null],
  ])('refuses --%s %j by name', (key, raw) => {
    const flag = option.flagOf(key)
    expect(() => option.resolveOptions(table, { flags: { [key]: raw } })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(flag) }),
    )
  })

  it('blames the file for a value of the file', () => {
    expect(() => option.resolveOptions(table, { file: { port: 'x' } })).toThrow(
      expect.objectContaining({
        code: 'INVALID_CONFIG',
        message: '"port" in the config file: "x" is not a whole number',
      }),
    )
  })

  it('never repeats a secret', () => {
    const resolve = () => option.resolveOptions(table, { file: { token: ['hunter2'] } })
    expect(resolve).toThrow(expect.objectContaining({ message: expect.not.stringContaining('hunter2') }))
  })

  it('answers any text with a value in range or an error with a code', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('port', 'ratio', 'cacheSize', 'timeout'), (raw, key) => {
        try {
          const value = option.resolveOptions(table, { flags: { [key]: raw } }).values[key as 'port']
          expect(Number.isFinite(value)).toBe(true)
          expect(value).toBeGreaterThanOrEqual(0)
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_OPTION' })
        }
      }),
    )
  })
})

describe('config keys', () => {
  it('names an unknown key and the nearest known one', () => {
    expect(() => option.checkConfigKeys({ 'cache-size': 1 }, Object.keys(table))).toThrow(
      'unknown key "cache-size" in the config file (did you mean "cacheSize"?)',
    )
  })
})

describe('names', () => {
  it('spells flag and variable from the key', () => {
    expect(option.flagOf('webrtcMetricsPort')).toBe('--webrtc-metrics-port')
    expect(option.envOf('webrtcMetricsPort')).toBe('MCPX_WEBRTC_METRICS_PORT')
  })
})
