// Every check there is, in the order in which they are shown: a new one is a file and a line here.
import { checkGroups } from '../model/check.ts'
import type { Check } from './check.ts'
import { gatewaysCheck } from './content/gateways.ts'
import { kuboCheck } from './content/kubo.ts'
import { storeCheck } from './content/store.ts'
import { diskCheck } from './machine/disk.ts'
import { encoderCheck } from './machine/encoder.ts'
import { historyCheck } from './machine/history.ts'
import { announcedAddressCheck } from './network/announced-address.ts'
import { udpCheck } from './network/udp.ts'
import { bindCheck } from './security/bind.ts'
import { cookiesCheck } from './security/cookies.ts'
import { corsCheck } from './security/cors.ts'
import { errorsCheck } from './security/errors.ts'
import { foreignHostCheck } from './security/foreign-host.ts'
import { foreignOriginCheck } from './security/foreign-origin.ts'
import { headersCheck } from './security/headers.ts'
import { metricsGuardCheck } from './security/metrics-guard.ts'
import { openBindCheck } from './security/open-bind.ts'
import { rateLimitCheck } from './security/rate-limit.ts'
import { tlsCheck } from './security/tls.ts'
import { tokenDemandCheck } from './security/token-demand.ts'
import { apiCheck } from './server/api.ts'
import { certificateCheck } from './server/certificate.ts'
import { clockCheck } from './server/clock.ts'
import { hostCheck } from './server/host.ts'
import { metricsCheck } from './server/metrics.ts'
import { proxyCheck } from './server/proxy.ts'
import { tokenCheck } from './server/token.ts'
import { webrtcMetricsCheck } from './server/webrtc-metrics.ts'
import { websocketCheck } from './server/websocket.ts'
import { endToEndCheck } from './webrtc/end-to-end.ts'
import { stunCheck } from './webrtc/stun.ts'
import { turnCheck } from './webrtc/turn.ts'

export const allChecks: readonly Check[] = [
  apiCheck,
  hostCheck,
  tokenCheck,
  certificateCheck,
  proxyCheck,
  websocketCheck,
  clockCheck,
  metricsCheck,
  webrtcMetricsCheck,
  endToEndCheck,
  stunCheck,
  turnCheck,
  udpCheck,
  announcedAddressCheck,
  storeCheck,
  kuboCheck,
  gatewaysCheck,
  encoderCheck,
  diskCheck,
  historyCheck,
  bindCheck,
  openBindCheck,
  tokenDemandCheck,
  metricsGuardCheck,
  foreignHostCheck,
  foreignOriginCheck,
  corsCheck,
  rateLimitCheck,
  headersCheck,
  cookiesCheck,
  tlsCheck,
  errorsCheck,
]

/** What runs when nothing is named: all that are quick and ask for nothing special. */
const isUsual = ({ group, onlyAsked }: Check): boolean => group !== 'security' && !onlyAsked

/** Those of these names that a server makes; the usual ones when none is named. Names that it does not know are left out. */
export const serverChecks = (names: readonly string[]): Check[] =>
  allChecks.filter(
    (check) => check.where !== 'here' && (names.length > 0 ? names.includes(check.name) : isUsual(check)),
  )

export interface Wanted {
  /** Of checks and of groups. */
  readonly names: readonly string[]
  readonly all?: boolean
  readonly security?: boolean
}

/** In the order of `allChecks`. */
export function selectChecks({ names, all = false, security = false }: Wanted): Check[] {
  const isNamed = ({ name, group }: Check) => names.includes(name) || names.includes(group)
  const nothingNamed = names.length === 0 && !security
  return allChecks.filter(
    (check) =>
      isNamed(check) ||
      (security && check.group === 'security') ||
      (all && check.group !== 'security') ||
      (nothingNamed && isUsual(check)),
  )
}

export const isCheckName = (text: string): boolean =>
  (checkGroups as readonly string[]).includes(text) || allChecks.some(({ name }) => name === text)
