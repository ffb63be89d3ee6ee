// How late the event loop of this thread is: when it runs what is due now.
import { monitorEventLoopDelay } from 'node:perf_hooks'

export interface LagMeter {
  /** In milliseconds, since the meter was last asked. */
  stepP99Ms(): number
  /** In milliseconds, since it was made. */
  whole(): { readonly p99Ms: number; readonly maxMs: number }
  stop(): void
}

/** A timer is set for this long; what it comes later is lag. */
const resolutionMs = 10

export function measureLag(): LagMeter {
  const step = monitorEventLoopDelay({ resolution: resolutionMs })
  const whole = monitorEventLoopDelay({ resolution: resolutionMs })
  step.enable()
  whole.enable()
  const lagOf = (delayNs: number) => (Number.isFinite(delayNs) ? Math.max(0, delayNs / 1e6 - resolutionMs) : 0)
  return {
    stepP99Ms() {
      const p99Ms = lagOf(step.percentile(99))
      step.reset()
      return p99Ms
    },
    whole: () => ({ p99Ms: lagOf(whole.percentile(99)), maxMs: lagOf(whole.max) }),
    stop() {
      step.disable()
      whole.disable()
    },
  }
}
