import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { configFor, readConfigFile } from '../../../src/lib/base/config-file.ts'

const known = { serve: ['port', 'logLevel'], stream: ['quality', 'logLevel'] }
const invalid = (words: string) =>
  expect.objectContaining({ code: 'INVALID_CONFIG', message: expect.stringContaining(words) })

describe('the values for a command', () => {
  it('are those at the top, and over them those of its own section', () => {
    const file = {
      port: 1,
      logLevel: 'info',
      serve: { logLevel: 'debug' },
      stream: { quality: 'low', logLevel: 'error' },
    }
    expect(configFor('serve', file, known)).toEqual({ port: 1, logLevel: 'debug' })
    expect(configFor('stream', file, known)).toEqual({ port: 1, logLevel: 'error', quality: 'low' })
    expect(configFor('top', file, known)).toEqual({ port: 1, logLevel: 'info' })
  })

  it.each([
    [{ prot: 1 }, 'unknown key "prot"'],
    [{ 'log-level': 'info' }, 'did you mean "logLevel"?'],
    [{ stream: { port: 1 } }, 'unknown key "port"'],
    [{ serve: 7 }, '"serve" in the config file is not a JSON object'],
    [{ stream: null }, '"stream" in the config file is not a JSON object'],
    [[], 'not a JSON object'],
    [null, 'not a JSON object'],
    ['port', 'not a JSON object'],
  ])('are not taken from %j', (file, words) => {
    expect(() => configFor('serve', file, known)).toThrow(invalid(words))
  })

  it.each(['{"__proto__":{"port":1}}', '{"serve":{"__proto__":{"port":1}}}', '{"constructor":1}'])(
    'are not smuggled in by %s',
    (text) => {
      expect(() => configFor('serve', JSON.parse(text), known)).toThrow(invalid('unknown key'))
    },
  )

  it('are only known keys, whatever the file has', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('serve', 'stream', 'top'), (file, command) => {
        try {
          const values = configFor(command, file, known)
          for (const key in values) expect(['port', 'logLevel', 'quality']).toContain(key)
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_CONFIG' })
        }
      }),
    )
  })
})

describe('the file', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mcpx-config-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const written = async (text: string) => {
    const path = join(folder, 'config.json')
    await writeFile(path, text)
    return path
  }

  it('is JSON, with or without a byte order mark', async () => {
    expect(await readConfigFile(await written('{"port":1}'))).toEqual({ port: 1 })
    expect(await readConfigFile(await written('\uFEFF{"port":2}'))).toEqual({ port: 2 })
  })

  it('is named where it cannot be read, is no JSON, or too long', async () => {
    await expect(readConfigFile(join(folder, 'none.json'))).rejects.toEqual(invalid('none.json: ENOENT'))
    await expect(readConfigFile(folder)).rejects.toEqual(invalid('EISDIR'))
    await expect(readConfigFile(await written('{"port":'))).rejects.toEqual(invalid('is not valid JSON'))
    await expect(readConfigFile(await written(' '.repeat(1_000_001)))).rejects.toEqual(invalid('is longer than'))
    await expect(readConfigFile('/dev/zero')).rejects.toEqual(invalid('is longer than'))
    await expect(readConfigFile(join(folder, 'none.json'), 'Look elsewhere.')).rejects.toMatchObject({
      hint: 'Look elsewhere.',
    })
  })
})
