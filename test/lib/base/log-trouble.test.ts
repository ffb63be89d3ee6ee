import { expect, it } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { createTroubleLog } from '../../../src/lib/base/log-trouble.ts'
import { createLogger } from '../../../src/lib/base/logger.ts'

function setUp() {
  const lines: { level: string; msg: string; code?: string; error?: string }[] = []
  const logger = createLogger({ level: 'info', write: (line) => lines.push(JSON.parse(line)) })
  const trouble = createTroubleLog(logger, { failed: 'cannot write', worked: 'writes again' })
  return { trouble, said: () => lines.splice(0).map(({ level, msg, code }) => `${level} ${msg} ${code ?? ''}`.trim()) }
}

const full = () => Object.assign(new Error('no space'), { code: 'ENOSPC' })

it('trouble is said once in a row, and once that it is over', () => {
  const { trouble, said } = setUp()
  for (let again = 0; again < 5; again++) trouble.failed(full())
  expect(said()).toEqual(['error cannot write DISK_FULL'])
  trouble.worked()
  trouble.worked()
  expect(said()).toEqual(['info writes again'])
  trouble.failed(full())
  expect(said()).toEqual(['error cannot write DISK_FULL'])
})

it('trouble of another kind is said, and its return', () => {
  const { trouble, said } = setUp()
  for (const error of [full(), new McpxError('REPO_LOCKED', 'x'), full()]) trouble.failed(error)
  expect(said()).toEqual(['DISK_FULL', 'REPO_LOCKED', 'DISK_FULL'].map((code) => `error cannot write ${code}`))
})

it('nothing is said of what always worked', () => {
  const { trouble, said } = setUp()
  trouble.worked()
  expect(said()).toEqual([])
})
