// The options of `mcpx serve`, which are those of createServer too. Names and defaults of the origin's flags are kept.

import { McpxError } from '../base/errors.ts'
import { logFormats, logLevels } from '../base/log-levels.ts'
import * as option from '../base/options.ts'
import { withoutCredentials } from '../base/without-credentials.ts'
import { checkBind } from './bind.ts'

export const contentOptions = {
  persistencePath: option.string({
    help: 'Folder of the repo: blocks, pins, caches, node id',
    placeholder: 'path',
    defaultText: '~/.mcpx',
  }),
  isolation: option.boolean({ help: 'Use a throw-away repo, removed at exit' }),
  ipfsApi: option.string({ help: 'Use a Kubo daemon, for example http://127.0.0.1:5001', placeholder: 'url' }),
  gateway: option.list({
    help: 'Trustless gateway to fetch missing blocks from, verified; repeatable',
    placeholder: 'url',
    default: ['https://trustless-gateway.link', 'https://ipfs.io'],
  }),
  offline: option.boolean({ help: 'Fetch nothing from outside: no gateways, no public names' }),
  fetchTimeout: option.duration({ help: 'How long content may take to be found', default: 30, min: 1, max: 3600 }),
  parquetCachePath: option.string({
    help: 'Folder of the Parquet CID metadata cache',
    placeholder: 'path',
    defaultText: '<repo>/parquet',
  }),
  memoryCacheSize: option.bytes({ help: 'Memory for blocks, per process', default: 64 * 2 ** 20 }),
  diskCacheSize: option.bytes({ help: 'Disk for blocks that are not pinned', default: 8 * 2 ** 30 }),
} as const

export const networkOptions = {
  host: option.string({ help: 'Address to listen on', default: '127.0.0.1', placeholder: 'address' }),
  port: option.integer({
    help: 'HTTP port; 0 takes a free one',
    default: 8000,
    min: 0,
    max: 65535,
    placeholder: 'port',
  }),
  basePath: option.string({
    help: 'Path prefix behind a reverse proxy, for example /mcpx',
    default: '',
    placeholder: 'path',
  }),
  tlsCert: option.string({ help: 'PEM certificate chain: serve HTTPS', placeholder: 'file' }),
  tlsKey: option.string({ help: 'PEM private key of --tls-cert', placeholder: 'file' }),
  authToken: option.string({
    help: 'Token that every request must carry',
    placeholder: 'token',
    secret: true,
    env: 'MCPX_TOKEN',
  }),
  insecure: option.boolean({ help: 'Allow a non-loopback --host without a token' }),
  allowedHost: option.list({
    help: 'Host header to accept besides the listening address; repeatable',
    placeholder: 'name',
  }),
  allowedOrigin: option.list({ help: 'Web origin to accept besides our own; repeatable', placeholder: 'origin' }),
  rateLimit: option.integer({
    help: 'Requests a minute and address; 0 is no limit',
    default: 600,
    min: 0,
    max: 1_000_000,
  }),
  maxConnections: option.integer({
    help: 'TCP connections at once, half of them from one address; more are answered 503',
    min: 1,
    max: 1_000_000,
    defaultText: 'half of the files the process may open, at most 10000',
  }),
} as const

export const mediaOptions = {
  mediaWorkers: option.integer({ help: 'Media worker threads', min: 1, max: 64, defaultText: 'cores - 1' }),
  maxStreams: option.integer({ help: 'Most streams open at once', default: 1000, min: 1, max: 100_000 }),
  iceServer: option.list({
    help: 'STUN or TURN server, turn:host:port?username=…&credential=…; repeatable',
    placeholder: 'url',
    secret: true,
  }),
  announceAddress: option.list({
    help: 'Address to put into ICE candidates, behind 1:1 NAT; repeatable',
    placeholder: 'address',
  }),
  udpPort: option.integer({
    help: 'UDP port of the first media worker (+1 for each further one); 0 takes free ones',
    default: 0,
    min: 0,
    max: 65535,
    placeholder: 'port',
  }),
  udpPortRange: option.string({
    help: 'A socket for each viewer in this range instead, for example 50000-50999',
    placeholder: 'from-to',
  }),
  nodeId: option.string({ help: 'Name of this node', placeholder: 'id', defaultText: 'random, kept in the repo' }),
} as const

const adaptLater = 'accepted; takes effect with adaptation'

export const observeOptions = {
  disableMetrics: option.boolean({ help: 'No MCP metrics' }),
  metricsPath: option.string({ help: 'Path of the MCP metrics', default: '/metrics', placeholder: 'path' }),
  disableWebrtcMetrics: option.boolean({ help: 'No WebRTC metrics port' }),
  webrtcMetricsPort: option.integer({
    help: 'Port of the WebRTC metrics',
    default: 9090,
    min: 0,
    max: 65535,
    placeholder: 'port',
  }),
  metricsMaxConnections: option.integer({
    help: 'Most connections that get per-connection series; above it, the least healthy ones keep theirs',
    default: 50,
    min: 0,
    max: 100_000,
    placeholder: 'count',
  }),
  disableWebrtcMonitor: option.boolean({ help: 'No WebRTC monitor, nor its routes' }),
  disableOptimization: option.boolean({ help: 'No streaming optimisation', later: adaptLater }),
  disableAutoQuality: option.boolean({ help: 'No automatic quality', later: adaptLater }),
  pollInterval: option.number({
    help: 'Seconds between statistics',
    default: 2,
    min: 0.1,
    max: 3600,
    placeholder: 'seconds',
  }),
  visualizationInterval: option.number({
    help: 'How often to write the HTML dashboard, in seconds (overrides dashboard_update_interval)',
    min: 1,
    max: 86400,
    placeholder: 'seconds',
    defaultText: '30',
  }),
  reportPath: option.string({
    help: 'Folder that gets reports and dashboards; they are written when this or --webrtc-config-path is given',
    placeholder: 'path',
    defaultText: './webrtc_reports',
  }),
  webrtcConfigPath: option.string({
    help: 'Configuration file of the monitor, read again on SIGHUP',
    placeholder: 'file',
  }),
  webrtcTest: option.boolean({ help: 'Test routes under /webrtc/test' }),
  historyDays: option.integer({
    help: 'Days of history that are kept in the repo',
    default: 30,
    min: 1,
    max: 3650,
    placeholder: 'days',
  }),
  historySize: option.bytes({ help: 'Most bytes of history', default: 2 ** 30 }),
} as const

export const processOptions = {
  sample: option.boolean({ help: 'Add the sample that comes with mcpx and print its player URL' }),
  runTests: option.boolean({
    help: 'Once ready: test connection, stream the sample, close, close all; print a verdict',
  }),
  openBrowser: option.boolean({ help: 'Open the home page (the player with --sample)' }),
  reload: option.boolean({ help: 'Restart when the configuration or the built files change' }),
  debug: option.boolean({ help: 'Debug log level, and GET /debug' }),
  logLevel: option.choice(logLevels, { help: 'Least severe lines to log', default: 'info', ignoreCase: true }),
  logFormat: option.choice(logFormats, {
    help: 'Log lines on stderr; auto is text on a terminal and JSON elsewhere and with --json',
    default: 'auto',
  }),
  logDir: option.string({
    help: 'Also write the log here as JSON Lines, plus one JSON record per finished connection and operation',
    placeholder: 'path',
  }),
} as const

export const serveOptions = {
  ...networkOptions,
  ...contentOptions,
  ...mediaOptions,
  ...observeOptions,
  ...processOptions,
} as const

export type ServeOptions = option.OptionsOf<typeof serveOptions>

/** `50000-50999` → [50000, 50999]. Throws INVALID_OPTION. */
export function parsePortRange(text: string): [number, number] {
  const match = /^(\d{1,5})-(\d{1,5})$/.exec(text.trim())
  const [from, to] = [Number(match?.[1]), Number(match?.[2])]
  if (match && from >= 1 && from <= to && to <= 65_535) return [from, to]
  throw new McpxError(
    'INVALID_OPTION',
    `--udp-port-range: "${text}" is not a valid range of ports, for example 50000-50999`,
  )
}

/**
 * What one option alone cannot know: throws OPEN_BIND_REFUSED for a bind beyond loopback without a token, and INVALID_OPTION for
 * options that contradict each other.
 */
function checkServeOptions(options: ServeOptions): void {
  const refuse = (message: string): never => {
    throw new McpxError('INVALID_OPTION', message)
  }
  checkBind(options.host, options.authToken, options.insecure)
  if (Boolean(options.tlsCert) !== Boolean(options.tlsKey)) refuse('--tls-cert and --tls-key go together')
  if (options.basePath !== '' && !/^(\/[\w.~-]+)+\/?$/.test(options.basePath))
    refuse(`--base-path: "${options.basePath}" is not a path such as /mcpx`)
  if (!/^(\/[\w.~-]+)+$/.test(options.metricsPath))
    refuse(`--metrics-path: "${options.metricsPath}" is not a path such as /metrics`)
  if (options.udpPortRange !== undefined) parsePortRange(options.udpPortRange)
  if (options.udpPortRange !== undefined && options.udpPort > 0)
    refuse('--udp-port and --udp-port-range exclude each other')
  for (const url of [...options.gateway, ...(options.ipfsApi ? [options.ipfsApi] : [])])
    if (!URL.canParse(url) || !/^https?:\/\//i.test(url))
      refuse(`"${withoutCredentials(url)}" is not an http or https address`)
}

/** The options of createServer: defaults under what was given, checked. */
export function completeServeOptions(given: Partial<ServeOptions>): ServeOptions {
  const entries = Object.entries(serveOptions).map(([key, { default: byDefault }]) => [
    key,
    given[key as 'port'] ?? byDefault,
  ])
  const options = Object.fromEntries(entries) as ServeOptions
  checkServeOptions(options)
  return options
}
