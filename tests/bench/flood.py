"""A flood of tokens that are all different and valid, with one request in ten for one of a hundred
hot tokens: how the memory of the children grows, and what the hot ones cost in between."""
import cells
import peers
import processes
import servers
from peers import Setup

ALG = "HS256"
PART_SECONDS = 10
CONNECTIONS = 64


def sample(server, material, sent):
    """Memory now, and the cost of hot tokens for a second."""
    memory = processes.resident(server.process.pid)
    hot = cells.load(server, material.tokens("many", ALG), CONNECTIONS, 1)
    return {"tokens": sent, "resident": sum(memory), "largest": max(memory), "hot_us": hot["us"],
            "wrong": hot["not_2xx"]}


def pour(server, material, options, write):
    """Part by part until all were sent; a part has more tokens than are sent in its time, as far as
    the first ones tell."""
    sent, part, seconds = 0, 0, min(PART_SECONDS, max(1, options.flood // 10000))
    count = min(options.flood, 10000 * seconds)
    write(sample(server, material, 0))
    while sent < options.flood:
        path = material.flood(ALG, part, count)
        row = cells.load(server, path, CONNECTIONS, seconds)
        sent += min(row["requests"] * 9 // 10, count)
        part += 1
        write({**sample(server, material, sent), "flood_us": row["us"]})


def run(material, chosen, options, write):
    """chosen: the peers beside httpd without authentication."""
    for peer in [peers.BY_NAME["none"], *chosen]:
        if peer.name != "none" and ALG not in peer.algorithms:
            continue

        def note(row, name=peer.name):
            write({"type": "flood", "peer": name, **row})
            print(f"  flood       {name:12} {row['tokens']:8} tokens"
                  f" {row['resident'] / 2 ** 20:7.1f} MiB, hot {row['hot_us']:6.1f} us", flush=True)

        with servers.Server(material, peer, ALG, Setup()) as server:
            cells.warm(server, CONNECTIONS)
            pour(server, material, options, note)
