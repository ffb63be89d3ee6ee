import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { disabledGroups, openMonitorConfig } from '../../../src/lib/app/monitor-config-file.ts'
import { createLogger } from '../../../src/lib/base/logger.ts'
import { defaultMonitorConfig, parseMonitorConfig } from '../../../src/lib/protocol/monitor-config.ts'

let folder: string
let file: string
const lines: string[] = []
const logger = createLogger({ level: 'info', write: (line) => lines.push(line) })
const write = (config: unknown) => writeFile(file, JSON.stringify(config))

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcpx-config-'))
  file = join(folder, 'monitor.json')
  lines.length = 0
})
afterEach(() => rm(folder, { recursive: true }))

describe('the configuration file of the monitor', () => {
  it('is read at the start and again when asked; parts are told', async () => {
    await write({ reporting: { interval: 5 } })
    const config = await openMonitorConfig(file, logger)
    const told: number[] = []
    config.events.on('change', ({ reporting }) => void told.push(reporting.interval))
    expect(config.current.reporting.interval).toBe(5)
    await write({ reporting: { interval: 7 } })
    expect(await Promise.all([config.reload(), config.reload()])).toEqual([true, true])
    expect(config.current.reporting.interval).toBe(7)
    expect(told).toEqual([7, 7])
  })

  it.each([
    ['{"reporting":{"interval":0}}', 'reporting.interval: 0 is not a number from 1 to 86400'],
    ['{', 'is not valid JSON'],
  ])('stays as it was when %s is there instead, and says why', async (text, why) => {
    await write({ reporting: { interval: 5 } })
    const config = await openMonitorConfig(file, logger)
    config.events.on('change', () => expect.unreachable())
    await writeFile(file, text)
    expect(await config.reload()).toBe(false)
    expect(config.current.reporting.interval).toBe(5)
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({
      level: 'error',
      code: 'INVALID_CONFIG',
      error: expect.stringContaining(why),
    })
  })

  it('is refused at the start where it is not valid or not there', async () => {
    await expect(openMonitorConfig(file, logger)).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      message: `${file}: ENOENT`,
      hint: expect.stringContaining('--webrtc-config-path'),
    })
    await write({ nonsense: 1 })
    await expect(openMonitorConfig(file, logger)).rejects.toMatchObject({ message: `${file}: nonsense is unknown` })
  })

  it('is the defaults where there is none', async () => {
    const config = await openMonitorConfig(undefined, logger)
    expect(config.current).toBe(defaultMonitorConfig)
    expect(await config.reload()).toBe(false)
  })
})

it.each([
  ['collect_detailed_stats', 'detailed'],
  ['collect_frame_stats', 'frame'],
  ['collect_resource_stats', 'resource'],
  ['collect_quality_metrics', 'quality'],
])('%s leaves out the metrics of the group %s', (name, group) => {
  expect(disabledGroups(defaultMonitorConfig)).toEqual([])
  expect(disabledGroups(parseMonitorConfig({ metrics: { [name]: false } }, 'c.json'))).toEqual([group])
})
