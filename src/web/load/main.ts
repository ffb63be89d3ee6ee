// The page that `mcpx test-client --browser` opens: viewers for as long as the tool is there.
import { type BrowserOrder, browserPaths } from '../../lib/protocol/browser-load.ts'
import type { BrowserRecord } from '../../lib/protocol/browser-records.ts'
import { clockOffsetMs } from './clock.ts'
import { LoadPage } from './page.ts'

const base = location.pathname.replace(/\/$/, '')

async function askClock(): Promise<number> {
  const response = await fetch(`${base}${browserPaths.clock}`)
  const { nowMs } = (await response.json()) as { nowMs: number }
  return nowMs
}

function post(records: readonly BrowserRecord[]): void {
  const body = JSON.stringify(records)
  fetch(`${base}${browserPaths.records}`, { method: 'POST', body }).catch(() => undefined)
}

const page = new LoadPage({ base, clockOffsetMs: await clockOffsetMs(askClock), post })
const orders = new EventSource(`${base}${browserPaths.orders}`)
orders.addEventListener('message', ({ data }) => page.obey(JSON.parse(data) as BrowserOrder))
// The tool is gone, however it ended: nobody needs this browser any more.
orders.addEventListener('error', () => {
  orders.close()
  page.leave()
  window.close()
})
