// `mcpx test-client --server` of what is no mcpx server: said at once, in bounded time and memory.
import { afterEach, describe, expect, it } from 'vitest'
import { browserOptions, loadOptions, pathOptions, serverOptions } from '../../../src/commands/test-client/options.ts'
import { outputOptions } from '../../../src/commands/test-client/output-options.ts'
import { runTestClient } from '../../../src/commands/test-client/run.ts'
import { resolveOptions } from '../../../src/lib/base/options.ts'
import { type Answer, answerJson, startHttpServer } from '../../support/answering-server.ts'
import { createTestIo } from '../../support/test-io.ts'

let stop: (() => Promise<void>) | undefined
afterEach(async () => {
  await stop?.()
  stop = undefined
})

async function runAgainst(answer: Answer) {
  const server = await startHttpServer(answer)
  stop = server.stop
  const table = { ...loadOptions, ...pathOptions, ...browserOptions, ...serverOptions, ...outputOptions }
  const { values } = resolveOptions(table, { flags: { server: server.url, viewers: '1', duration: '1' } })
  return runTestClient({ ...values, json: false, quiet: true }, { io: createTestIo([]) })
}

describe('a server that is none of mcpx', () => {
  it.each<[string, Answer]>([
    ['a page', (_asked, response) => response.end('<html>\u001b[31m')],
    ['JSON of something else', (_asked, response) => answerJson(response, 200, { sample_cid: 'x' })],
    ['a bomb of brackets', (_asked, response) => response.end('['.repeat(2 ** 21))],
    [
      'without end',
      (_asked, response) => {
        const piece = 'a'.repeat(2 ** 16)
        const pour = () => {
          while (!response.destroyed && response.write(piece));
        }
        response.on('drain', pour)
        pour()
      },
    ],
    [
      'half of what it promised',
      (_asked, response) => {
        response.writeHead(200, { 'content-length': '100' })
        response.write('{')
        setImmediate(() => response.destroy())
      },
    ],
  ])('answers %s', async (_what, answer) => {
    await expect(runAgainst(answer)).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE', exit: 3 })
  })

  it('refuses without end', async () => {
    const refuse: Answer = (_asked, response) => {
      response.writeHead(401)
      const pour = () => {
        while (!response.destroyed && response.write('a'.repeat(2 ** 16)));
      }
      response.on('drain', pour)
      pour()
    }
    await expect(runAgainst(refuse)).rejects.toMatchObject({ code: 'UNAUTHORIZED', exit: 4 })
  })
})
