import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, describe, it } from 'vitest'
import { stateOf } from '../../support/processes.ts'
import { until } from '../../support/webrtc-pair.ts'

let parent: ChildProcess | undefined
afterEach(() => parent?.kill('SIGKILL'))

describe.skipIf(process.platform === 'win32')('the guard of a transcode process', () => {
  it('ends it when the server is killed, also while native code holds its main thread', async () => {
    const script = join(import.meta.dirname, '../../support/transcode-parent.ts')
    parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [said] = (await once(parent.stdout!, 'data')) as [Buffer]
    const pid = Number(said)
    await until(() => stateOf(pid) === 'R')
    parent.kill('SIGKILL')
    // Where nobody collects orphans it stays as a zombie.
    await until(() => [undefined, 'Z'].includes(stateOf(pid)))
  })
})
