/** Line icons on a 24-unit grid; decorative always, since every control carries its own words. */
const paths = {
  search: 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Zm4.8 11.3L20 20',
  bag: 'M5.5 8.5h13l1 11h-15l1-11ZM8.5 11V7.5a3.5 3.5 0 0 1 7 0V11',
  arch: 'M5 20.5v-9C5 7 8 4.5 12 3c4 1.5 7 4 7 8.5v9M3 20.5h18M9.5 20.5v-6a2.5 2.5 0 0 1 5 0v6',
  receipt: 'M6 3.5h12v17l-2.4-1.5-1.8 1.5-1.8-1.5-1.8 1.5-1.8-1.5L6 20.5v-17ZM9 8.5h6M9 12.5h6',
  person: 'M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM4.5 20.5c.6-4 3.6-6 7.5-6s6.9 2 7.5 6',
  globe: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17Zm-8.5 8.5h17M12 3.5c-5 5.5-5 11.5 0 17 5-5.5 5-11.5 0-17Z',
  plus: 'M12 6v12M6 12h12',
  minus: 'M6 12h12',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  alert: 'M12 4 2.8 19.5h18.4L12 4Zm0 6v4.5m0 2.3v.2',
  info: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17Zm0 7.5v5m0-8v.2',
  box: 'M4 8l8-4 8 4v8.5l-8 4-8-4V8Zm0 0 8 4m0 0 8-4m-8 4v8.5',
  home: 'M4 11l8-7 8 7v9h-5.5v-5.5h-5V20H4v-9Z',
  cross: 'M6.5 6.5l11 11m0-11-11 11',
  mail: 'M3.5 6h17v12.5h-17V6Zm0 1 8.5 6.5L20.5 7',
  gear: 'M12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7Zm0-5v2.5m0 12v2.5M3.5 12H6m12 0h2.5M6 6l1.8 1.8m8.4 8.4L18 18M6 18l1.8-1.8m8.4-8.4L18 6',
  chat: 'M4 5.5h16v11h-9l-4.5 3.5v-3.5H4v-11ZM8 9.5h8M8 12.5h5',
  send: 'M5 12h13M12.5 6l6 6-6 6',
  back: 'M19 12H6M11.5 6l-6 6 6 6',
  more: 'M5.5 12h.6M11.7 12h.6M17.9 12h.6',
  bell: 'M6.5 17v-6.5a5.5 5.5 0 0 1 11 0V17l1.5 1.5H5L6.5 17ZM10.5 21h3',
  clock: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17Zm0 4v4.7l3 1.8',
  pen: 'M4.5 19.5l1-4L16 5l3 3L8.5 18.5l-4 1ZM13.5 7.5l3 3',
  twice: 'M2 12.5l4.5 4.5 8-9M11 16.2l.8.8 8.7-9.5',
  trash: 'M4.5 7h15M9.5 7V4.5h5V7M6.5 7l1 13h9l1-13',
} as const

export type IconName = keyof typeof paths

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.7"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  )
}
