"""The markdown of each block of docs/performance.md: {name of the block: text}."""
import figures

WORKS = (("none", "no token"), ("malformed", "malformed"), ("expired", "expired"),
         ("signature", "bad signature"), ("audience", "wrong audience"), ("cold", "accepted, cold"))
VARIED = {"size": "bytes of the token", "keys": "keys in the set", "issuers": "issuer lines",
          "connections": "connections", "mpm": "MPM"}
NAMES = {"none": "httpd, no authentication", "basic": "mod_auth_basic, SHA-1",
         "bearer": "**mod_auth_bearer**", "oauth2": "mod_oauth2", "openidc": "mod_auth_openidc",
         "haproxy-none": "haproxy, no authentication", "haproxy": "haproxy"}
MIB = 2 ** 20


def table(head, rows):
    """A markdown table, or nothing where there are no rows."""
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def number(value, digits):
    return "" if value is None else f"{value:.{digits}f}"


def plural(count, word):
    return f"{count} {word}{'' if count == 1 else 's'}"


def marks(figure):
    return (" \\*" if figure.repeated else "") + (" !" if figure.wrong else "")


def cost(figure):
    """Two columns: microseconds, and the ratio with its range."""
    if figure is None:
        return ["", ""]
    ratio = "" if figure.ratio is None else (f"**{figure.ratio:.2f}** ({figure.ratio_least:.2f}"
                                            f"\u2013{figure.ratio_most:.2f})")
    return [number(figure.us, 0) + marks(figure), ratio]


def distinct(keys, place):
    return list(dict.fromkeys(key[place] for key in keys))


def main(results, all_figures):
    found = {key[1:4]: value for key, value in all_figures.items() if key[0] == "main"}
    rows = [["", NAMES[peer], number(middle, 0),
             f"1 ({least / middle:.2f}\u2013{most / middle:.2f})", "", "", ""]
            for peer, (middle, least, most) in figures.bases(results.cells, "main").items()]
    for alg in sorted(distinct(found, 1), key=["-", "RS256", "ES256", "EdDSA", "HS256"].index):
        for peer in (name for name in NAMES if any(key[:2] == (name, alg) for key in found)):
            hot, cold = (found.get((peer, alg, work)) for work in ("hot", "cold"))
            rows.append(["" if alg == "-" else alg, NAMES[peer], *cost(hot), *cost(cold),
                         number((cold or hot).rps, 0)])
    return table(["algorithm", "server", "hot, \u00b5s", "ratio", "cold, \u00b5s", "ratio",
                  "requests/s"], rows)


def refuse(results, all_figures):
    found = {(key[1], key[3]): value for key, value in all_figures.items() if key[0] == "refuse"}
    shown = [peer for peer in NAMES if any(key[0] == peer for key in found)]
    rows = [["nothing checked", *(number(figures.bases(results.cells, "refuse").get(
        "haproxy-none" if peer == "haproxy" else "none", (None,))[0], 0) for peer in shown)]]
    for work, text in WORKS:
        cells = [found.get((peer, work)) for peer in shown]
        rows.append([text, *("" if cell is None else f"{cell.us:.0f}{marks(cell)} "
                             f"({cell.ratio:.2f})" for cell in cells)])
    return table(["\u00b5s (ratio)", *(NAMES[peer] for peer in shown)], rows if found else [])


def varied(name, all_figures):
    found = {key[1:]: value for key, value in all_figures.items() if key[0] == name}
    values, shown = distinct(found, 3), [peer for peer in NAMES if peer in distinct(found, 0)]
    rows = []
    for value in values:
        for peer in shown:
            alg = next((key[1] for key in found if key[0] == peer and key[3] == value), None)
            hot, cold = (found.get((peer, alg, work, value)) for work in ("hot", "cold"))
            base = next((each.base for each in (hot, cold) if each), None)
            rows.append([value, *([NAMES[peer]] if len(shown) > 1 else []), number(base, 0),
                         *cost(hot), *cost(cold)])
    return table([VARIED[name], *(["server"] if len(shown) > 1 else []), "unchecked, \u00b5s",
                  "hot, \u00b5s", "ratio", "cold, \u00b5s", "ratio"], rows)


def flood(results):
    rows, shown = [], {}
    for row in results.flood:
        shown.setdefault(row["peer"], []).append(row)
    for peer, samples in shown.items():
        last = samples[-1]["tokens"]
        picked = [min(samples, key=lambda row, wanted=part * last: abs(row["tokens"] - wanted))
                  for part in (0, 0.1, 0.25, 0.5, 0.75, 1)]
        for row in dict((row["tokens"], row) for row in picked).values():
            rows.append([NAMES[peer], f"{row['tokens']:,}", f"{row['resident'] / MIB:.1f}",
                         f"{row['largest'] / MIB:.1f}", number(row["hot_us"], 0),
                         number(row.get("flood_us"), 0)])
    return table(["server", "tokens so far", "all children, MiB", "largest child, MiB",
                  "hot ones then, \u00b5s", "in the flood, \u00b5s"], rows)


def machine(results):
    facts = results.machine
    if not facts:
        return ""
    versions = [f"httpd {facts['httpd']}", f"OpenSSL {facts['openssl']}",
                f"mod_auth_bearer {facts['bearer']}"]
    versions += [f"{NAMES[name]} {facts[name]}" for name in ("oauth2", "openidc", "haproxy")
                 if facts.get(name)]
    spread, usual, most = figures.noise(results.cells)
    text = (f"{facts['processors']} \u00d7 {facts['processor']}, {facts['memory_gib']} GiB,"
            f" {facts['system']}, Linux {facts['kernel']}. {', '.join(versions)},"
            f" wrk {facts['wrk']}. {plural(facts['rounds'], 'round')} of {facts['seconds']} s,"
            f" {facts['date']}.")
    if spread is not None:
        text += f" Base cells of one kind differ by {spread:.1%} (standard deviation)."
    if usual is not None:
        text += (f" Others had {usual:.1%} of the server's processor in the median cell,"
                 f" {most:.0%} in the worst.")
    return text


def left_out(results):
    rows = dict.fromkeys(f"* {NAMES.get(row['peer'], row['peer'])}"
                         f"{' ' + row['alg'] if row['alg'] != '-' else ''} was left out:"
                         f" {row['why']}" for row in results.left_out)
    return "\n".join(rows)


def blocks(results):
    """Only blocks for which there are results."""
    all_figures = figures.summary(results.cells)
    made = {"machine": machine(results), "main": main(results, all_figures),
            "refuse": refuse(results, all_figures), "flood": flood(results),
            **{name: varied(name, all_figures) for name in VARIED}}
    if made["main"] and left_out(results):
        made["main"] += "\n\n" + left_out(results)
    return {name: text for name, text in made.items() if text}
