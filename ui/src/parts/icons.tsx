// Icons as inline SVG paths on a 16 grid, stroked in the text's colour. Decoration: always beside
// text or under a label.

const kPaths = {
  alert: 'M8 2 1.8 13.2h12.4zM8 6.2v3.4M8 11.6v.1',
  check: 'm3 8.5 3.2 3.2L13 4.800',
  chevron: 'm6 3.500 4.500 4.500L6 12.500',
  close: 'm4 4 8 8M12 4l-8 8',
  copy: 'M5.500 5.500v-3h8v8h-3M2.500 5.500h8v8h-8z',
  back: 'M9.500 3.500 5 8l4.500 4.500',
  sun: 'M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6M8 1v1.500M8 13.500V15M1 8h1.500M13.500 8H15M3 3l1.100 1.100M11.900 11.900 13 13M13 3l-1.100 1.100M4.100 11.900 3 13',
  moon: 'M13.500 9.800A6 6 0 0 1 6.200 2.500a6 6 0 1 0 7.300 7.300',
  auto: 'M2.500 3h11v7.500h-11zM5.500 13.500h5M8 10.500v3',
  help: 'M8 1.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13M6 6.200a2 2 0 1 1 2.900 1.800c-.6.3-.9.700-.9 1.300M8 11.400v.1',
  search: 'M7 2.500a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9M10.300 10.300l3.200 3.200',
  zoom: 'M7 2.500a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9M10.300 10.300l3.200 3.200M5 7h4M7 5v4',
  table: 'M2 3h12v10H2zM2 6.300h12M2 9.700h12M6 3v10',
  chart: 'M2 13.500h12M4 11V7M7 11V4M10 11V8M13 11V5',
  reset: 'M3 8a5 5 0 1 0 1.500-3.600M3 2.500v2.700h2.700',
  logs: 'M2.500 4h11M2.500 8h11M2.500 12h7',
  link: 'M6.500 9.500 9.500 6.500M5 7 3.600 8.400a2.800 2.800 0 0 0 4 4L9 11M11 9l1.400-1.400a2.800 2.800 0 0 0-4-4L7 5',
  broken: 'M3.600 8.400a2.800 2.800 0 0 0 4 4L9 11M12.400 7.600a2.800 2.800 0 0 0-4-4L7 5M2.500 2.500l11 11',
  up: 'm3.500 10 4.500-4.500 4.500 4.500',
  down: 'm3.500 6 4.500 4.500L12.500 6',
  inbox: 'M2 9.500 4 3h8l2 6.500v3.500H2zM2 9.500h3.500l1 2h3l1-2H14',
} as const;

export type IconName = keyof typeof kPaths;

export function Icon({ name, class: extra }: { name: IconName; class?: string }) {
  return (
    <svg class={`icon ${extra ?? ''}`} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={kPaths[name]} />
    </svg>
  );
}
