// How a browser is started for a load test: without a window, with a profile of its own, and with nobody to drive it.
import type { BrowserKind } from './find-browser.ts'

/** What is written below the profile's folder before the browser starts, and its command line. */
export interface BrowserCommand {
  readonly files: Readonly<Record<string, string>>
  readonly args: readonly string[]
}

export interface BrowserStart {
  readonly kind: BrowserKind
  /** The profile's folder. */
  readonly folder: string
  /** The page to open. It holds a secret, which is why it is no argument: those can be read by every user of the machine. */
  readonly url: string
  readonly platform: NodeJS.Platform
  /** The sandbox of Chromium refuses to start as root. */
  readonly isRoot: boolean
}

/** The first page: goes to ours, and leaves no trace of itself in the history, without which a page may close its window. */
export const firstPage = 'start.html'

const chromiumArgs = [
  '--headless=new',
  '--no-first-run',
  '--no-default-browser-check',
  '--autoplay-policy=no-user-gesture-required',
  '--mute-audio',
  '--window-size=1280,720',
  // Nothing is slowed down because nobody looks.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
  // Nothing is asked of anybody but the tool and the server.
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-domain-reliability',
  '--disable-extensions',
  '--disable-sync',
  '--no-pings',
  '--no-proxy-server',
  '--disable-breakpad',
  '--disable-gpu',
  // No question about the keychain of the person.
  '--password-store=basic',
  '--use-mock-keychain',
]

const firefoxPreferences = {
  // Pages that may not use the camera get the address of the default route alone, from where no loopback is reached.
  'permissions.default.camera': 1,
  'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.autoplay.default': 0,
  'media.autoplay.blocking_policy': 0,
  'dom.allow_scripts_to_close_windows': true,
  // Nothing is slowed down because nobody looks.
  'dom.min_background_timeout_value': 4,
  'dom.timeout.enable_budget_timer_throttling': false,
  'widget.windows.window_occlusion_tracking.enabled': false,
  // Nothing is asked of anybody but the tool and the server; OpenH264 and Widevine would be fetched from the network.
  'network.proxy.type': 0,
  'media.gmp-manager.url': '',
  'media.gmp-provider.enabled': false,
  'app.update.enabled': false,
  'app.normandy.enabled': false,
  'browser.aboutwelcome.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,',
  'termsofuse.bypassNotification': true,
  'toolkit.telemetry.enabled': false,
}

const goTo = (url: string) =>
  `<!doctype html><meta charset="utf-8"><script>location.replace(${JSON.stringify(url).replaceAll('<', '\\u003c')})</script>\n`

/** `first` is the address of the first page, once it is written. */
export function browserCommand({ kind, folder, url, platform, isRoot }: BrowserStart, first: string): BrowserCommand {
  const files = { [firstPage]: goTo(url) }
  if (kind === 'chromium') {
    const own = [`--user-data-dir=${folder}`, ...(isRoot ? ['--no-sandbox'] : [])]
    return { files, args: [...chromiumArgs, ...own, first] }
  }
  const lines = Object.entries(firefoxPreferences).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  )
  // Its launcher on Windows would be gone before it.
  const wait = platform === 'win32' ? ['--wait-for-browser'] : []
  const args = ['--headless', '--no-remote', ...wait, '--profile', folder, first]
  return { files: { ...files, 'user.js': lines.join('') }, args }
}
