/** How the pages of drills and evals look: self-contained, light or dark as the reader has it. */
export const PAGE_STYLE = `
:root { --ground: #f6f7f6; --card: #fff; --ink: #1d2624; --soft: #5d6a67; --edge: #e0e5e3; --trouble: #f7efe2;
  --protected: #0b8376; --control: #cf4257; --between: #a8720c; --pass: #0b8376; --fail: #cf4257; --inconclusive: #a8720c; }
@media (prefers-color-scheme: dark) { :root { --ground: #121716; --card: #1a2120; --ink: #e4ebe9; --soft: #93a29e;
  --edge: #2b3533; --trouble: #2b261c; --protected: #46cdbb; --control: #ff7f8f; --between: #e9b44c; --pass: #46cdbb;
  --fail: #ff7f8f; --inconclusive: #e9b44c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 40px 24px 64px; max-width: 1180px; background: var(--ground); color: var(--ink);
  font: 16px/1.55 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { font-size: 34px; line-height: 1.1; margin: 0 0 8px; letter-spacing: -0.02em; }
h2 { font-size: 22px; margin: 0; display: flex; align-items: center; gap: 12px; letter-spacing: -0.01em; }
header p { max-width: 64ch; color: var(--soft); margin: 0 0 20px; }
nav { display: flex; flex-wrap: wrap; gap: 10px; }
nav a { color: inherit; text-decoration: none; background: var(--card); border: 1px solid var(--edge); border-radius: 10px; padding: 7px 14px 7px 8px; }
nav a:hover { border-color: var(--soft); }
section { background: var(--card); border: 1px solid var(--edge); border-radius: 16px; padding: 26px 28px; margin-top: 28px; }
.story { max-width: 76ch; color: var(--soft); margin: 8px 0 18px; }
.pill { font-size: 12px; font-weight: 650; letter-spacing: 0.03em; border-radius: 99px; padding: 2px 10px; color: var(--card); vertical-align: 1px; }
.pill.pass { background: var(--pass); } .pill.fail { background: var(--fail); } .pill.inconclusive { background: var(--inconclusive); }
table { border-collapse: collapse; width: 100%; margin-bottom: 22px; font-size: 15px; }
th { text-align: left; font-size: 12px; font-weight: 600; color: var(--soft); padding: 0 12px 6px 0; }
th:not(:first-child) { text-align: right; padding-right: 0; }
td { border-top: 1px solid var(--edge); padding: 7px 12px 7px 0; }
td small { color: var(--soft); margin-left: 10px; font-size: 12px; }
td.number { text-align: right; padding-right: 0; width: 110px; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.held td:nth-child(2) { color: var(--pass); font-weight: 650; }
tr.missed td { color: var(--fail); font-weight: 650; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 26px 30px; }
figure { margin: 0; min-width: 0; display: flex; flex-direction: column; justify-content: flex-end; }
figcaption small { color: var(--soft); margin-left: 10px; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 18px; font-size: 13px; color: var(--soft); margin: 2px 0 4px; }
.key i { display: inline-block; width: 18px; height: 3px; border-radius: 2px; margin-right: 7px; vertical-align: middle; background: currentColor; }
.key.protected i { background: var(--protected); } .key.control i { background: var(--control); } .key.between i { background: var(--between); }
tbody th { color: var(--ink); padding-top: 14px; }
tr.held td:nth-child(2)::before { content: "✓ "; } tr.missed td:nth-child(2)::before { content: "✗ "; }
header .key { color: var(--ink); white-space: nowrap; }
svg { width: 100%; height: auto; display: block; overflow: visible; }
svg text { font-size: 11.5px; fill: var(--soft); }
svg text.mark { fill: var(--ink); paint-order: stroke; stroke: var(--card); stroke-width: 4px; stroke-linejoin: round; }
svg .grid { stroke: var(--edge); stroke-width: 1; }
svg line.mark { stroke: var(--ink); stroke-width: 1.2; stroke-dasharray: 4 4; opacity: 0.65; }
svg rect.phase { fill: none; }
svg rect.trouble { fill: var(--trouble); }
svg .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
svg .protected { stroke: var(--protected); stroke-width: 2.6; } svg .control { stroke: var(--control); } svg .between { stroke: var(--between); }
footer { color: var(--soft); font-size: 14px; margin-top: 28px; }
code { font: 13px/1.4 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; background: var(--card); border: 1px solid var(--edge); border-radius: 6px; padding: 1px 6px; }
@media (max-width: 620px) { body { padding: 24px 14px; } section { padding: 20px 16px; } td small { display: block; margin: 0; } }
`;
