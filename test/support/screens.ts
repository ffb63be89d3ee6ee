// What people see of a connection: a row of `mcpx monitor` in a terminal, and a row of the dashboard in Chromium.
import type { LiveSample } from '../../src/lib/protocol/live.ts'
import { launchChromium } from './browser-chromium.ts'
import { openTerminal } from './tmux.ts'

/** As it is written there. */
export interface ShownRow {
  readonly bitrate: string
  readonly loss: string
  readonly roundTrip: string
  readonly health: string
}

export type Freezes = readonly [count: number, seconds: number]

export interface Screens {
  /** Undefined while the connection is not on it. */
  terminal(id: string): Promise<ShownRow | undefined>
  dashboard(id: string): Promise<ShownRow | undefined>
  /** Opens the details of a connection on both; resolves when there are freezes in them, with how many and how long (s). */
  freezes(id: string): Promise<{ terminal: Freezes; dashboard: Freezes }>
  close(): Promise<void>
}

export async function openScreens(server: { url: string; dashboard: string }, home: string): Promise<Screens> {
  const terminal = await openTerminal(home, { columns: 120, rows: 30 })
  await terminal.shows(/^\$/)
  await terminal.mcpx(['monitor', '--server', server.url])
  const browser = await launchChromium()
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  await page.goto(server.dashboard)
  await page.locator('[data-feed=live]').waitFor()

  return {
    async terminal(id) {
      const lines = await terminal.screen()
      const names = lines.find((line) => line.includes(' LOSS '))
      const row = lines.find((line) => line.includes(id.slice(0, 8)))
      if (!names || !row) return undefined
      // Numbers are set to the right: each ends where its name ends.
      const under = (name: string) =>
        row
          .slice(0, names.indexOf(` ${name} `) + name.length + 1)
          .trim()
          .split(/\s+/)
          .at(-1)!
      return { bitrate: under('RATE'), loss: under('LOSS'), roundTrip: under('RTT'), health: under('HLTH') }
    },
    async dashboard(id) {
      const row = page.locator('table.connections tbody tr', { hasText: id.slice(0, 8) })
      if ((await row.count()) !== 1) return undefined
      const cell = (label: string) => row.locator(`[data-label="${label}"]`).innerText()
      const [bitrate, loss, roundTrip, health] = await Promise.all(['Bitrate', 'Loss', 'RTT', 'Health'].map(cell))
      return { bitrate: bitrate!, loss: loss!, roundTrip: roundTrip!, health: health! }
    },
    async freezes(id) {
      await terminal.type(`/${id.slice(0, 8)}`)
      await terminal.press('Enter', 'Enter')
      const inTerminal = /freezes +(\d+) \(([\d.]+) s\)/
      const found = inTerminal.exec(await terminal.shows(inTerminal))!
      await page
        .locator('table.connections tbody tr', { hasText: id.slice(0, 8) })
        .getByRole('button')
        .first()
        .click()
      const details = page.locator('#panel-details')
      const inPage = /Freezes\s+(\d+), ([\d.]+) s in all/
      await details.getByText(/\d+, [\d.]+ s in all/).waitFor()
      const shown = inPage.exec(await details.innerText())!
      return { terminal: [Number(found[1]), Number(found[2])], dashboard: [Number(shown[1]), Number(shown[2])] }
    },
    async close() {
      await browser.close()
      await terminal.close()
    },
  }
}

const factors: Readonly<Record<string, number>> = { M: 1e6, k: 1e3, Mbps: 1e6, kbps: 1e3, '%': 0.01 }

/** `1.1 Mbps` is 1.05 to 1.15 million, `<.1%` more than nothing, and anything else without a number is not known. */
function says(text: string, value: number | null): boolean {
  if (text === '<.1%') return value !== null && value > 0 && value < 0.0005
  const [, digits, decimals = '', unit = ''] = /^(\d+(?:\.(\d+))?) ?(\D*)$/.exec(text.trim()) ?? []
  if (digits === undefined || value === null) return digits === undefined && value === null
  const factor = factors[unit] ?? 1
  return Math.abs(Number(digits) * factor - value) <= (0.5 + 1e-6) * 10 ** -decimals.length * factor
}

/** Whether the row shows this sample, as far as its digits go. */
export const isRowOf = (row: ShownRow | undefined, sample: LiveSample): boolean =>
  row !== undefined &&
  says(row.bitrate, sample.bitrateBps) &&
  says(row.loss, sample.lossRatio) &&
  says(row.roundTrip, sample.roundTripMs) &&
  says(row.health, sample.health)
