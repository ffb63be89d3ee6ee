// Ending processes that this test has started, with what they started themselves.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import { killGroup, killProcess } from '../../../src/lib/base/spawn-process.ts'

/** Leads a group, says the id of its own child, and waits for it. */
async function startParent(): Promise<{ parent: ChildProcess; childPid: number; ended: Promise<unknown> }> {
  const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; wait'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  onTestFinished(() => killGroup(parent.pid!))
  // The pipe is held by both: it closes when the last of them is gone.
  const ended = once(parent, 'close')
  const [said] = await once(parent.stdout!, 'data')
  return { parent, childPid: Number(said), ended }
}

describe.skipIf(process.platform === 'win32')('a process', () => {
  it('is ended with what it has started', async () => {
    const { parent, childPid, ended } = await startParent()
    expect(childPid).toBeGreaterThan(0)
    killProcess(parent.pid!)
    await ended
    expect(parent.signalCode).toBe('SIGKILL')
  })

  it('that ended alone leaves a group that is ended still', async () => {
    const { parent, ended } = await startParent()
    const exited = once(parent, 'exit')
    process.kill(parent.pid!, 'SIGKILL')
    await exited
    killGroup(parent.pid!)
    await ended
  })

  it('that is gone already is no failure', async () => {
    const gone = spawn('true', { detached: true, stdio: 'ignore' })
    await once(gone, 'close')
    expect(() => killProcess(gone.pid!)).not.toThrow()
  })
})
