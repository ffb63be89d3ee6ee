// Panels of your own on the dashboard, and routes of your own behind the same checks as all others.
// node examples/dashboard-panel.ts, then open the dashboard that it prints; the sample's player makes the figures move.
import { createServer, McpxError, type PanelData, type Plugin, pluginRoute } from 'mcpx'
import { z } from 'zod'

let price = 12
const screenings: { content: string; seconds: number; paid: number }[] = []
const takings: [atMs: number, value: number][] = [[Date.now(), 0]]
const sum = () => screenings.reduce((total, { paid }) => total + paid, 0)

const cinema: Plugin = {
  name: 'cinema',
  panels: [
    { id: 'today', title: 'Cinema today', path: '/today', everyS: 2 },
    { id: 'takings', title: 'Takings', path: '/takings' },
    { id: 'screenings', title: 'Screenings', path: '/screenings' },
  ],
  routes: [
    {
      method: 'GET',
      path: '/today',
      role: 'operator',
      summary: 'What a seat costs and what came in',
      handler: ({ engine }): PanelData => ({
        figures: [
          { label: 'Seats taken', value: engine.list().filter(({ state }) => state === 'active').length },
          { label: 'A seat costs', value: price, unit: 'EUR' },
          { label: 'Takings', value: sum(), unit: 'EUR', note: `${screenings.length} screenings` },
        ],
      }),
    },
    {
      method: 'GET',
      path: '/takings',
      role: 'operator',
      handler: (): PanelData => ({ series: [{ label: 'Takings', unit: 'EUR', points: takings }] }),
    },
    {
      method: 'GET',
      path: '/screenings',
      role: 'operator',
      handler: (): PanelData => ({
        columns: ['Film', 'Watched (s)', 'Paid (EUR)'],
        rows: screenings.slice(-100).map(({ content, seconds, paid }) => [content, Math.round(seconds), paid]),
      }),
    },
    pluginRoute({
      method: 'PUT',
      path: '/price',
      role: 'admin',
      body: z.object({ price: z.number().min(0).max(1000) }),
      handler: ({ body }) => {
        if (body.price % 0.5 !== 0) throw new McpxError('INVALID_REQUEST', `${body.price} is no price`)
        price = body.price
        return { price }
      },
    }),
  ],
}

const server = await createServer(
  { port: 0, sample: true, isolation: true, disableWebrtcMetrics: true, logLevel: 'warning' },
  { plugins: [cinema] },
)
process.once('SIGINT', () => void server.stop())
process.once('SIGTERM', () => void server.stop())

server.engine.events.on('stream', ({ state, content, connectedAtMs, closedAtMs }) => {
  if (state !== 'closed' || connectedAtMs === undefined || closedAtMs === undefined) return
  screenings.push({ content, seconds: (closedAtMs - connectedAtMs) / 1000, paid: price })
  takings.push([closedAtMs, sum()])
})

console.log(`player    ${server.player}`)
console.log(`dashboard ${server.dashboard}`)
