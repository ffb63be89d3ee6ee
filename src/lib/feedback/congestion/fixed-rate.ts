// No control: every path is thought to take the same, whatever it says.
import type { CongestionController } from './controller.ts'

/** What a viewer is thought to take of whom nothing is known. */
const usualTargetBps = 2_500_000
/** Catch-up, key frames and prerolls leave at this multiple at the most. */
const pacingFactor = 3

export function createFixedRate(targetBps = usualTargetBps): CongestionController {
  return {
    onSent() {},
    onFeedback() {},
    onReceiverEstimate() {},
    onTick() {},
    allowance: { targetBps, pacingBps: targetBps * pacingFactor, paddingBps: 0 },
  }
}
