// Objects as YAML: as much of it as the files of Prometheus need. Texts that could be read as something else are quoted.

const isPlain = (text) => /^[A-Za-z][\w ,./()-]*$/.test(text) && !/^(true|false|null|yes|no|on|off)$/i.test(text)
const quoted = (text) => (/['\\\n]/.test(text) ? JSON.stringify(text) : `'${text}'`)
const scalar = (value) => (typeof value !== 'string' || isPlain(value) ? String(value) : quoted(value))

const isNested = (value) => typeof value === 'object' && value !== null

/** `value` as lines, without a newline at the end. */
export function toYaml(value, indent = '') {
  if (Array.isArray(value))
    return value
      .map((item) => `${indent}- ${isNested(item) ? toYaml(item, `${indent}  `).trimStart() : scalar(item)}`)
      .join('\n')
  return Object.entries(value)
    .map(([key, item]) => {
      if (!isNested(item)) return `${indent}${key}: ${scalar(item)}`
      if (Object.keys(item).length === 0) return `${indent}${key}: ${Array.isArray(item) ? '[]' : '{}'}`
      return `${indent}${key}:\n${toYaml(item, `${indent}  `)}`
    })
    .join('\n')
}
