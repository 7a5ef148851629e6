"""Whether each peer answers rightly before it is timed: a fast server that lets everybody in is no
peer."""
import http.client

import servers

RIGHT = {
    "Bearer": (("hot", 200), ("cold", 200), ("none", 401), ("expired", 401), ("signature", 401),
               ("malformed", 401), ("unsigned", 401)),
    "Basic": (("basic", 200), ("wrong-password", 401), ("none", 401)),
}


def first_line(path):
    with open(path) as file:
        return file.readline().rstrip("\n")


def ask(port, value):
    """The status of the protected page for this Authorization."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/closed/page.txt",
                           headers={"Authorization": value} if value else {})
        return connection.getresponse().status
    finally:
        connection.close()


def differences(material, cases):
    """What a server answers otherwise than it should; the cases have peer and set-up in common."""
    case = cases[0]
    wanted = [(work, material.tokens(work, case.alg), status)
              for work, status in RIGHT[case.peer.scheme]]
    wanted += [(each.work, each.tokens, each.expect) for each in cases]
    try:
        with servers.Server(material, case.peer, case.alg, case.setup) as server:
            got = [(work, ask(server.port, first_line(path)), status)
                   for work, path, status in wanted]
    except (OSError, RuntimeError) as error:
        return str(error)
    wrong = dict.fromkeys(f"{work}: {found} instead of {status}" for work, found, status in got
                          if found != status)
    return ", ".join(wrong)


def check(material, cases, write):
    """The cases whose servers answer rightly; what the others do is told and written."""
    servers_of, good = {}, []
    for case in cases:
        setup = case.setup.mpm, case.setup.keys, case.setup.issuers
        servers_of.setdefault((case.peer.name, case.alg, setup), []).append(case)
    for (name, alg, _), members in servers_of.items():
        wrong = differences(material, members)
        if wrong:
            print(f"  left out: {name} {alg}: {wrong}", flush=True)
            write({"type": "left out", "set": members[0].set, "peer": name, "alg": alg,
                   "why": wrong})
        else:
            good += members
    return [case for case in cases if case in good]
