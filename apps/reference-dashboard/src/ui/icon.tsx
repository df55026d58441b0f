const paths = {
  sun: "M12 4V2M12 22v-2M4 12H2M22 12h-2M5.6 5.6 4.2 4.2M19.8 19.8l-1.4-1.4M5.6 18.4l-1.4 1.4M19.8 4.2l-1.4 1.4M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0Z",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z",
  refresh: "M20 11a8 8 0 0 0-14.3-4L4 9M4 4v5h5M4 13a8 8 0 0 0 14.3 4l1.7-2M20 20v-5h-5",
  up: "M12 19V5M6 11l6-6 6 6",
  down: "M12 5v14M6 13l6 6 6-6",
  right: "m9 5 7 7-7 7",
  open: "m5 9 7 7 7-7",
  flat: "M5 12h14",
  check: "m5 12.5 4.5 4.5L19 7.5",
  cross: "M6 6l12 12M18 6 6 18",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM14.5 12a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0Z",
  key: "M15.5 8.5h.01M21 8.5a5.5 5.5 0 0 1-7.6 5.1L11 16H8.5v2.5H6V21H3v-3.5l7.4-7.4A5.5 5.5 0 1 1 21 8.5Z",
  alert:
    "M12 9v4.5M12 17h.01M10.3 4.2 2.7 17.5A2 2 0 0 0 4.4 20.5h15.2a2 2 0 0 0 1.7-3L13.7 4.2a2 2 0 0 0-3.4 0Z",
  inbox: "M3 13l3-8h12l3 8M3 13v6h18v-6M3 13h5l1.5 3h5L16 13h5",
  leave: "M15 4h3a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-3M10 16l-4-4 4-4M6 12h10",
  pulse: "M3 12h4l3 8 4-16 3 8h4",
  chart: "M4 20V10M10 20V4M16 20v-7M21 20H3",
  shield: "M12 3 5 6v5c0 4.5 2.9 8.2 7 10 4.1-1.8 7-5.5 7-10V6l-7-3Z",
  code: "M8 7l-5 5 5 5M16 7l5 5-5 5M13.5 4.5l-3 15",
  user: "M16 8a4 4 0 1 1-8 0 4 4 0 0 1 8 0ZM4 20.5c.8-4 4-6 8-6s7.200 2 8 6",
  clock: "M12 7v5l3.500 2M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z",
  note: "M5 4h14v11l-5 5H5zM19 15h-5v5M9 9h6M9 13h3",
  file: "M6 3h8l5 5v13H6zM14 3v5h5",
  merge: "M6 4v4c0 4 6 4 6 8v5M18 4v4c0 4-6 4-6 8M9 18l3 3 3-3",
  flag: "M5 21V4M5 4h12l-2.500 4L17 12H5",
  tag: "M4 4h8l8 8-8 8-8-8zM8 8h.01",
  play: "M7 4.500v15l12-7.500z",
  layers: "M12 3 3 8l9 5 9-5zM3 12.500l9 5 9-5M3 17l9 5 9-5",
  table: "M4 5h16v14H4zM4 10h16M4 14.5h16M10 10v9",
} as const;

export type IconName = keyof typeof paths;

/** Decoration beside words that say the same. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
