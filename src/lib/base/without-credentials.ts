// Addresses that may hold a password, as they may be shown: in messages and lists of settings.

/** The address without its user name and password; of one that cannot be parsed nothing before an `@` is left but the scheme. */
export const withoutCredentials = (address: string): string =>
  address.replace(
    URL.canParse(address) && address.includes('://')
      ? /^([a-z][a-z0-9+.-]*:\/\/)[^/?#\\]*@/i
      : /^([a-z][a-z0-9+.-]*:(?:\/\/)?|).*@/is,
    '$1',
  )

/** Of a value of any kind: texts that are addresses are shown so, also in lists. */
export const shownValue = <T>(value: T): T => {
  if (Array.isArray(value)) return value.map(shownValue) as T
  return typeof value === 'string' && value.includes('://') ? (withoutCredentials(value) as T) : value
}
