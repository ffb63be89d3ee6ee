// The sessions of this page: what the tool orders, and what is told to it once a second and where one ends.
import { type BrowserOrder, browserPaths, recordIntervalMs } from '../../lib/protocol/browser-load.ts'
import type { BrowserRecord } from '../../lib/protocol/browser-records.ts'
import { LoadViewer } from './viewer.ts'

interface PageOptions {
  /** Our own address, without a slash at the end. */
  readonly base: string
  readonly clockOffsetMs: number
  post(records: readonly BrowserRecord[]): void
}

export class LoadPage {
  readonly #options: PageOptions
  readonly #viewers = new Map<number, LoadViewer>()
  readonly #timer: ReturnType<typeof setInterval>

  constructor(options: PageOptions) {
    this.#options = options
    this.#timer = setInterval(() => void this.#tell([...this.#viewers.values()]), recordIntervalMs)
  }

  obey(order: BrowserOrder): void {
    if (order.type === 'open') this.#open(order)
    else if (order.type === 'close') void this.#close(order.session)
    else this.#viewers.get(order.session)?.command(order.command)
  }

  /** The tool is gone, or the page goes. */
  leave(): void {
    clearInterval(this.#timer)
    for (const viewer of this.#viewers.values()) viewer.leave()
    this.#viewers.clear()
  }

  #open({ session, plannedAtMs }: Extract<BrowserOrder, { type: 'open' }>): void {
    if (this.#viewers.has(session)) return
    const { base, clockOffsetMs } = this.#options
    const viewer = new LoadViewer({
      session,
      base: `${base}${browserPaths.sessions}/${session}`,
      plannedAtMs: plannedAtMs + clockOffsetMs,
      onFrame: () => void this.#tell([viewer]),
      onOver: () => void this.#close(session),
    })
    this.#viewers.set(session, viewer)
    document.body.append(viewer.element)
    this.#arrange()
  }

  async #close(session: number): Promise<void> {
    const viewer = this.#viewers.get(session)
    this.#viewers.delete(session)
    const record = await viewer?.close()
    if (record) this.#options.post([record])
    this.#arrange()
  }

  async #tell(viewers: readonly LoadViewer[]): Promise<void> {
    const looks = await Promise.all(viewers.map((viewer) => viewer.look()))
    const records = looks.filter((record) => record !== undefined)
    if (records.length > 0) this.#options.post(records)
  }

  /** All of them are on the screen: what is not may be drawn less often. */
  #arrange(): void {
    document.body.style.setProperty('--columns', String(Math.ceil(Math.sqrt(Math.max(1, this.#viewers.size)))))
  }
}
