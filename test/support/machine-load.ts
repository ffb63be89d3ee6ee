// How busy the processors were while a test measured: a browser may freeze on a machine without idle time, and only there.
import { cpus } from 'node:os'

const periodMs = 200
/** Below this share of idle time in any period something had to wait for a processor. */
const leastIdle = 0.08

function processorTimes(): { idleMs: number; totalMs: number } {
  let [idleMs, totalMs] = [0, 0]
  for (const { times } of cpus()) {
    idleMs += times.idle
    totalMs += times.user + times.nice + times.sys + times.idle + times.irq
  }
  return { idleMs, totalMs }
}

/** Watches from now on; `end` says whether the processors were fully taken at any time since. */
export function watchMachine(): { end(): { wasBusy: boolean; idle: number } } {
  let last = processorTimes()
  let idle = 1
  const look = () => {
    const now = processorTimes()
    const totalMs = now.totalMs - last.totalMs
    // A short period says nothing: processor times count in steps of 10 ms.
    if (totalMs < 100) return
    idle = Math.min(idle, (now.idleMs - last.idleMs) / totalMs)
    last = now
  }
  const timer = setInterval(look, periodMs)
  return {
    end() {
      clearInterval(timer)
      look()
      return { wasBusy: idle < leastIdle, idle }
    },
  }
}
