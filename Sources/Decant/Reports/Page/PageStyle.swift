/// How the page looks: light or dark as the reader's system is, and plain on paper.
enum PageStyle {
  static let css = """
    :root { color-scheme: light dark; --ink: #1b1f24; --soft: #5b6470; --paper: #ffffff; --card: #f5f6f8; --line: #d8dce2;
      --bar: #2f6fb5; --weight: #6b7f3a; --clip: #c2410c; --bad: #b42318; }
    @media (prefers-color-scheme: dark) {
      :root { --ink: #e6e8eb; --soft: #9aa4b0; --paper: #14171b; --card: #1d2126; --line: #343a42;
        --bar: #6ba7e8; --weight: #a9c169; --clip: #fb923c; --bad: #f97066; } }
    * { box-sizing: border-box; }
    body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 72rem; background: var(--paper); color: var(--ink);
      font: 15px/1.5 system-ui, sans-serif; }
    h1 { font-size: 1.6rem; margin: 0 0 .25rem; overflow-wrap: anywhere; } h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; }
    p { max-width: 48rem; } .soft { color: var(--soft); }
    .tiles { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1rem 0; padding: 0; }
    .tile { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; min-width: 10rem; }
    .tile b { display: block; font-size: 1.35rem; font-weight: 600; }
    table { border-collapse: collapse; width: 100%; font-size: .9rem; }
    th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
    th { color: var(--soft); font-weight: 600; } td.number, th.number { text-align: right; white-space: nowrap; }
    .skipped { color: var(--bad); font-weight: 600; }
    .wide { overflow-x: auto; }
    pre { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; overflow-x: auto;
      user-select: all; }
    .charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); gap: .75rem; }
    figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .75rem; }
    figcaption { font-size: .82rem; overflow-wrap: anywhere; } svg { display: block; width: 100%; height: auto; }
    svg.chart { max-width: 44rem; } svg text { fill: var(--ink); font: 12px system-ui, sans-serif; } svg .soft { fill: var(--soft); }
    .bar { fill: var(--bar); } .weight { fill: var(--weight); } .axis { stroke: var(--line); stroke-width: 1; }
    .path { fill: none; stroke: var(--bar); stroke-width: 1.5; }
    .clip { stroke: var(--clip); stroke-width: 1.5; stroke-dasharray: 4 3; }
    .narrow { stroke: var(--clip); stroke-width: 1.5; stroke-dasharray: 1 3; }
    @media print { body { max-width: none; } figure, tr { break-inside: avoid; } }
    """
}
