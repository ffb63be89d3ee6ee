// Every address the server answers at, once: server, client, pages, docs and tests read it from here.

export const routes = {
  home: '/',
  player: '/player/:cid',
  dashboard: '/dashboard',
  openapi: '/openapi.json',
  health: '/health',
  /** A token becomes a cookie, a ticket for one WebSocket, or a narrower token. */
  session: '/api/v0/session',
  ticket: '/api/v0/ticket',
  tokens: '/api/v0/tokens',
  metrics: '/metrics',
  /** What the server finds of itself. */
  checks: '/api/v0/checks',
  checkContent: '/api/v0/checks/content',
  /** WHEP (RFC 9725 drafts: POST offer, PATCH trickle, DELETE). `:cid` may go on with a path inside the CID. */
  whep: '/whep/*',
  whepSession: '/whep-session/:id',
  /** Raw bytes with Range, for MSE and other players. */
  ipfs: '/ipfs/*',

  webrtc: {
    prefix: '/api/v0/webrtc',
    dashboard: '/api/v0/webrtc/dashboard',
    /** What plugins add to it. */
    panels: '/api/v0/webrtc/dashboard/panels',
    player: '/api/v0/webrtc/player',
    connections: '/api/v0/webrtc/connections',
    stream: '/api/v0/webrtc/stream',
    testConnection: '/api/v0/webrtc/test_connection',
    streamTestContent: '/api/v0/webrtc/stream_test_content',
    close: '/api/v0/webrtc/close/:id',
    closeAll: '/api/v0/webrtc/close_all',
    quality: '/api/v0/webrtc/quality/:id',
    summary: '/api/v0/webrtc/summary',
    operations: '/api/v0/webrtc/operations',
    tasks: '/api/v0/webrtc/tasks',
    connection: '/api/v0/webrtc/connection/:id',
    /** What the monitor knows: as JSON, or as a WebSocket that goes on telling. */
    live: '/api/v0/webrtc/live',
  },
  history: '/api/v0/history/:table',
  /** Routes of the embedding program, below the name of its plugin. */
  plugins: '/api/v0/plugins',
  /** The origin's MCP WebRTC controller. */
  mcp: {
    prefix: '/api/v0/mcp/webrtc',
    check: '/api/v0/mcp/webrtc/check',
    stream: '/api/v0/mcp/webrtc/stream',
    stop: '/api/v0/mcp/webrtc/stream/stop/:id',
    connections: '/api/v0/mcp/webrtc/connections',
    stats: '/api/v0/mcp/webrtc/connections/:id/stats',
    close: '/api/v0/mcp/webrtc/connections/:id/close',
    closeAll: '/api/v0/mcp/webrtc/connections/close-all',
    quality: '/api/v0/mcp/webrtc/connections/quality',
    benchmark: '/api/v0/mcp/webrtc/benchmark',
    resources: '/api/v0/mcp/webrtc/stats/resources',
  },
  /** The origin's monitor, under no prefix. */
  monitor: {
    summary: '/webrtc/monitor/summary',
    connections: '/webrtc/monitor/connections',
    connection: '/webrtc/monitor/connections/:id',
    operations: '/webrtc/monitor/operations',
    tasks: '/webrtc/monitor/tasks',
    test: '/webrtc/test/',
    testClose: '/webrtc/test/close/:id',
    testCloseAll: '/webrtc/test/close_all',
  },
  /** The base routes of the MCP server stand under both prefixes. */
  mcpPrefixes: ['/api/v0', '/api/v0/mcp'],
  signalling: ['/ws/webrtc', '/webrtc', '/api/v0/mcp/webrtc/ws'],
} as const

/** Whether it leads nowhere else than to a path of the server that says it: `//host` is another one, also as `/\\host` or with the
 * tabs and line breaks that a browser leaves out. */
export const isOwnPath = (path: string): boolean => /^\/(?![/\\])[^\t\n\r]*$/.test(path)

/** Encodes each segment of a `<cid>/path/in it` for a URL path. */
export const encodeContentPath = (content: string): string => content.split('/').map(encodeURIComponent).join('/')

export const playerPath = (content: string): string => `/player/${encodeContentPath(content)}`
/** The address of a page with the token in its fragment, which no server gets to see: the page makes it a cookie. */
export const withToken = (url: string, token: string | undefined): string =>
  token === undefined ? url : `${url}#token=${encodeURIComponent(token)}`
export const whepPath = (content: string): string => `/whep/${encodeContentPath(content)}`
