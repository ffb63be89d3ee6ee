// A path for datagrams with two impaired ways: the link model on a clock. It knows no sockets.
import type { Clock, Timer } from '../base/clock.ts'
import { seeded } from '../base/random.ts'
import type { ConditionStep, Impairment } from './impairment.ts'
import { Link, type LinkStats } from './link.ts'

export interface PathOptions {
  readonly impairment: Impairment
  readonly clock: Clock
  /** The same seed gives the same losses and jitter to the same packets. */
  readonly seed: number
  /** On the clock, what the instants of the impairment count from; now where absent. It may have been before. */
  readonly startMs?: number
  /**
   * What timers are exact to, in milliseconds: packets that are due within half of it go at once, so that they are as often a little
   * early as late. 1 where absent, as Node's are; 0 on a clock that is exact.
   */
  readonly timerStepMs?: number
}

export interface PathStats {
  readonly up: LinkStats
  readonly down: LinkStats
}

type Deliver = (data: Buffer) => void

interface Datagram {
  data: Buffer
  readonly deliver: Deliver
  isOut: boolean
}

const never = Number.POSITIVE_INFINITY
/** Longest that `drained` waits. */
const maxDrainMs = 1000

/** From the viewer up to the server, and down to it. */
export class ImpairedPath {
  readonly #clock: Clock
  readonly #up: Link<Datagram>
  readonly #down: Link<Datagram>
  /** Still to come. */
  readonly #steps: ConditionStep[]
  readonly #timerStepMs: number
  #timer: Timer | undefined
  #timerAtMs = never
  #isClosed = false
  readonly #drains = new Set<() => void>()

  constructor({ impairment, clock, seed, startMs = clock.now(), timerStepMs = 1 }: PathOptions) {
    const seeds = seeded(seed)
    const [first, ...steps] = impairment.steps.map((step) => ({ ...step, atMs: startMs + step.atMs }))
    const { up = {}, down = {} } = first ?? {}
    this.#clock = clock
    this.#up = new Link({ conditions: up, seed: seeds() * 2 ** 32, startMs })
    this.#down = new Link({ conditions: down, seed: seeds() * 2 ** 32, startMs })
    this.#steps = steps
    this.#timerStepMs = timerStepMs
  }

  get stats(): PathStats {
    return { up: this.#up.stats, down: this.#down.stats }
  }

  /** Calls `deliver` when the datagram arrives, at once or later, or never. Keeps a copy: the caller may use the memory again. */
  up(data: Buffer, deliver: Deliver): void {
    const datagram = this.#send(this.#up, data, deliver)
    if (datagram && !datagram.isOut) datagram.data = Buffer.from(data)
  }

  /** The same for what comes down. Keeps `data` itself: what a socket has received is its own memory. */
  down(data: Buffer, deliver: Deliver): void {
    this.#send(this.#down, data, deliver)
  }

  /** When what was sent up has arrived or is lost; or, should that take longer, after a second. */
  drained(): Promise<void> {
    if (this.#isClosed || this.#up.held === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        timer.cancel()
        this.#drains.delete(done)
        resolve()
      }
      const timer = this.#clock.after(maxDrainMs, done)
      this.#drains.add(done)
    })
  }

  /** Nothing is delivered from now on. */
  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
    for (const done of this.#drains) done()
  }

  #send(link: Link<Datagram>, data: Buffer, deliver: Deliver): Datagram | undefined {
    if (this.#isClosed) return undefined
    const nowMs = this.#clock.now()
    this.#changeUntil(nowMs)
    const datagram = { data, deliver, isOut: false }
    const isDropped = link.send(nowMs, data.length, datagram) !== undefined
    this.#deliver(link, nowMs)
    return isDropped ? undefined : datagram
  }

  #deliver(link: Link<Datagram>, nowMs: number): void {
    try {
      link.deliver(nowMs, hand, this.#timerStepMs / 2)
    } finally {
      this.#arm(nowMs)
      if (this.#drains.size > 0 && this.#up.held === 0) for (const done of this.#drains) done()
    }
  }

  #tick(): void {
    this.#timerAtMs = never
    const nowMs = this.#clock.now()
    this.#changeUntil(nowMs)
    try {
      this.#deliver(this.#up, nowMs)
    } finally {
      this.#deliver(this.#down, nowMs)
    }
  }

  #changeUntil(nowMs: number): void {
    for (let step = this.#steps[0]; step && step.atMs <= nowMs; step = this.#steps[0]) {
      this.#steps.shift()
      this.#up.change(step.atMs, step.up)
      this.#down.change(step.atMs, step.down)
    }
  }

  /** One timer, for whatever comes next; none where nothing is on its way. */
  #arm(nowMs: number): void {
    if (this.#isClosed) return
    const packetMs = Math.min(this.#up.nextMs, this.#down.nextMs)
    // What happens to an empty path can wait until something comes.
    const dueMs = packetMs === never ? never : Math.min(packetMs, this.#steps[0]?.atMs ?? never)
    if (this.#timerAtMs <= dueMs) return
    this.#timer?.cancel()
    this.#timerAtMs = dueMs
    const step = this.#timerStepMs
    const waitMs = Math.max(0, dueMs - nowMs)
    const timerMs = step > 0 ? Math.max(step, Math.round(waitMs / step) * step) : waitMs
    this.#timer = this.#clock.after(timerMs, () => this.#tick())
  }
}

function hand(datagram: Datagram): void {
  datagram.isOut = true
  datagram.deliver(datagram.data)
}
