"""README.md and docs/ say what is so: httpd accepts their blocks of configuration, every directive
and reason is described as the sources have it, commands and links lead somewhere."""

import functools
import re

import pytest

from expect import TRUST
from server import PROJECT, Httpd
from tokens import jwks, key, store

PAGES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md",
         *sorted((PROJECT / "docs").glob("*.md"))]
DIRECTIVES = (PROJECT / "docs" / "directives.md").read_text()
SECURITY = (PROJECT / "docs" / "security.md").read_text()
MIGRATING = (PROJECT / "docs" / "migrating.md").read_text()
MODULES = ("proxy proxy_http cache cache_disk authn_socache socache_shmcb access_compat dav dav_fs")
BLOCK = re.compile(r"^```(\S+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Rows of config.c: name and who may say it.
ROW = re.compile(r'AP_INIT_\w+\("(AuthBearer\w*)", [^;]*?\b(FILES|HTACCESS|ONCE),')
FIELDS = ("Description", "Syntax", "Default", "Context", "Override", "Compatibility")
FILES = {".jwks": lambda: jwks(), ".pem": lambda: key("rsa").public_pem(),
         ".key": lambda: key("hs512").secret, "users": lambda: "alice:{SHA}x\n",
         "token": lambda: "a token", "gateway.pem": lambda: (store() / "p256-1.pem").read_bytes(),
         "cluster-ca.pem": lambda: key("rsa").certificate_pem()}


def blocks(page, language):
    """(line, mark, text) of each block."""
    text = page.read_text()
    return [(text.count("\n", 0, found.start()) + 1, found[2], found[3])
            for found in BLOCK.finditer(text) if found[1] == language]


def configurations():
    return [pytest.param(mark, text, id=f"{page.name}:{line}")
            for page in PAGES for line, mark, text in blocks(page, "apache")]


def in_context(mark, text):
    """A block marked location stands in one; the usual lines that it leaves out are added."""
    assert mark in (None, "location")
    if mark is None:
        return text
    usual = "".join(line + "\n" for line in TRUST.splitlines() if line.split()[0] not in text)
    return f'<Location "/doc">\n{usual}{text}</Location>\n'


@functools.lru_cache(maxsize=None)
def server():
    return Httpd(modules=MODULES)


@pytest.fixture(scope="module", autouse=True)
def cleaning():
    yield
    server().remove()


def test_there_are_blocks():
    assert len(configurations()) >= 20
    assert {page.name for page in PAGES if blocks(page, "apache")} >= {
        "README.md", "directives.md", "migrating.md", "security.md"}


@pytest.mark.parametrize("mark, text", configurations())
def test_httpd_accepts(mark, text):
    one = server()
    one.write_keys()
    for name in re.findall(r"/etc/apache2/bearer/([\w.-]+)", text):
        kind = name if name in FILES else name[name.rfind("."):]
        content = FILES[kind]()
        one.write(f"keys/{name}", content if isinstance(content, bytes) else content.encode())
    text = re.sub(r"^LoadModule auth_bearer_module .*", "", text, flags=re.MULTILINE)
    one.configure(in_context(mark, text.replace("/etc/apache2/bearer/", "{keys}/")))
    code, said = one.configtest()
    assert code == 0, said
    assert "AH00671" not in said and "Useless use" not in said, said


def test_a_wrong_block_would_be_found():
    one = server()
    one.write_keys()
    one.configure(in_context("location", "Require claim level >= high\n"))
    assert one.configtest()[0] != 0


def directive_rows():
    return dict(ROW.findall((PROJECT / "src/httpd/config.c").read_text()))


def section(name):
    found = re.search(rf"^### {re.escape(name)}\n(.*?)(?=^##|\Z)", DIRECTIVES,
                      re.MULTILINE | re.DOTALL)
    assert found, f"docs/directives.md has no section {name}"
    return found[1]


def fields(text):
    return dict(re.findall(r"^\| (\w+) \| (.*) \|$", text, re.MULTILINE))


def test_every_directive_was_found():
    text = (PROJECT / "src/httpd/config.c").read_text()
    assert len(directive_rows()) == text.count("AP_INIT_") > 10


@pytest.mark.parametrize("name, context", directive_rows().items())
def test_a_directive_is_described(name, context):
    found = fields(section(name))
    assert [field for field in FIELDS if field not in found] == []
    assert found["Syntax"].startswith(f"`{name} ")
    htaccess = context == "HTACCESS"
    assert (".htaccess" in found["Context"]) == htaccess
    assert found["Override"] == ("AuthConfig" if htaccess else "none")
    assert found["Context"].startswith("server config" if context == "ONCE"
                                       else "server config, virtual host, directory")


def test_no_directive_is_described_that_does_not_exist():
    described = set(re.findall(r"^### (AuthBearer\w*)$", DIRECTIVES, re.MULTILINE))
    assert described == set(directive_rows())
    mentioned = {word for page in PAGES
                 for word in re.findall(r"\bAuthBearer\w*", page.read_text())}
    assert mentioned <= described


@pytest.mark.parametrize("name", sorted(set(re.findall(r"\bAuthBearer\w*", MIGRATING))))
def test_a_directive_to_move_to_exists(name):
    assert name in directive_rows()


def lines_to_move_to():
    """What the tables say whole, behind their first column."""
    cells = re.findall(r"^\| .*? \| (.*)\|$", MIGRATING, re.MULTILINE)
    return sorted({found for cell in cells for found in re.findall(
        r"`((?:AuthBearer\w+|Require (?:scope|claim|issuer)) [^`]+)`(?! ?\*)", cell)})


@pytest.mark.parametrize("line", lines_to_move_to())
def test_httpd_accepts_a_line_to_move_to(line):
    one = server()
    one.write_keys()
    rule = "" if line.startswith("Require") else "Require valid-user\n"
    one.configure(in_context("location", f"{line}\n{rule}"))
    assert one.configtest() == (0, "Syntax OK\n")


def test_each_way_here_has_a_configuration():
    """Each section has one of theirs, and one of ours, which httpd accepts above."""
    parts = re.split(r"^## From ", MIGRATING, flags=re.MULTILINE)[1:]
    languages = {part.split("\n")[0]: [found[1] for found in BLOCK.finditer(part)]
                 for part in parts}
    assert set(languages) == {"mod_auth_openidc", "mod_oauth2", "mod_authnz_jwt", "NGINX"}
    for name, found in languages.items():
        theirs = "nginx" if name == "NGINX" else "text"
        assert found.index("apache") == found.index(theirs) + 1, name


@pytest.mark.parametrize("name", ["Leeway", "MaxAge", "MaxTokenSize"])
def test_bounds_are_those_of_the_source(name):
    source = (PROJECT / "src/httpd/config.c").read_text()
    low, high = re.search(rf'"AuthBearer{name}", \w+, FIELD\(\w+, (\d+), (\w+)\)', source).groups()
    if not high.isdigit():
        policy = (PROJECT / "include/bearer/policy.h").read_text()
        high = re.search(rf"^#define {high} (\d+)", policy, re.MULTILINE)[1]
    assert f"{low} to {high}" in fields(section(f"AuthBearer{name}"))["Compatibility"]


@pytest.mark.parametrize("word", re.findall(
    r'^    \{ "(\w+)", +\{ check', (PROJECT / "src/httpd/require.c").read_text(), re.MULTILINE))
def test_a_require_word_is_described(word):
    assert fields(section(f"Require {word}"))["Syntax"].startswith(f"`Require {word} ")


def test_every_operator_is_described():
    source = (PROJECT / "src/core/compare.c").read_text()
    operators = re.findall(r'^    \{ "(\S+)",', source, re.MULTILINE)
    assert len(operators) == 9
    assert [one for one in operators if f"`{one}`" not in section("Require claim")] == []


def test_every_issuer_option_is_described():
    options = re.findall(r'^    \{ "([\w-]+)", +read_', (PROJECT / "src/issuer.c").read_text(),
                         re.MULTILINE)
    network = re.findall(r'^    \{ "([\w-]+)", +AT\(',
                         (PROJECT / "src/keys/terms.c").read_text(), re.MULTILINE)
    assert (len(options), len(network)) == (6, 8)
    rows = re.findall(r"^\| (`.*?`) \|", section("AuthBearerIssuer"), re.MULTILINE)
    described = {name for row in rows for name in re.findall(r"`([\w-]+)=`", row)}
    assert described == {*options, *network}


def test_every_option_of_minting_is_described():
    source = (PROJECT / "src/minting.c").read_text()
    options = re.findall(r'\[[A-Z]+\] = "(\w+)"', source)
    assert len(options) == 7
    assert re.findall(r"^\| `(\w+)=` \|", section("AuthBearerMint"), re.MULTILINE) == options
    header = (PROJECT / "include/bearer/minting.h").read_text()
    for name, text in (("LEAST", "{}"), ("MOST", "to {}:")):
        number = re.search(rf"BEARER_MINTING_{name} (\d+)", header)[1]
        assert text.format(number) in section("AuthBearerMint")


def test_numbers_of_the_network_are_those_of_the_source():
    source = (PROJECT / "src/keys/terms.c").read_text()
    text = section("AuthBearerIssuer")
    limits = re.findall(r'"([\w-]+)", +AT\([^)]*\), +BEARER_TERMS_SECONDS, (\d+)', source)
    assert len(limits) == 3
    for name, most in limits:
        assert f"1 to {most}" in re.search(rf"^\| `{name}=` .*$", text, re.MULTILINE)[0]
    values = re.search(r"timeout = (\d+) }, \.refresh = (\d+), \.max_stale = (\d+)", source)
    for name, value in zip(("timeout", "refresh", "max-stale"), values.groups()):
        row = re.search(rf"^\| `{name}=` .*$", text, re.MULTILINE)[0]
        assert row.endswith(f"| {value} |")


def test_every_algorithm_is_named():
    names = re.findall(r'^    \{ "([\w-]+)", +BEARER_KTY',
                       (PROJECT / "src/core/alg.c").read_text(), re.MULTILINE)
    assert len(names) == 19
    words = set(re.findall(r"[\w-]+", section("AuthBearerIssuer")))
    assert [name for name in names if name not in words] == []


def test_every_reason_has_its_rule_and_status():
    source = (PROJECT / "src/core/verdict.c").read_text()
    reasons = dict(re.findall(r'\{\s*"(\w+)", (\d+),', source))
    told = re.findall(r"^\| [\d ]*\| .* \| `(\w+)` \|(?: (\d+))? \|$", SECURITY, re.MULTILINE)
    assert {reason for reason, _ in told} == set(reasons)
    for reason, status in told:
        assert status == ("" if reason == "accepted" else reasons[reason]), reason


def test_every_log_number_is_listed():
    numbers = {number for path in PROJECT.glob("src/httpd/*.c")
               for number in re.findall(r"AB(\d{4})", path.read_text())}
    listed = set()
    for first, word, last in re.findall(r"^\| AB(\d{4})(?: ?(,|to) AB(\d{4}))? \|", DIRECTIVES,
                                        re.MULTILINE):
        listed |= {first, last or first}
        if word == "to":
            listed |= {f"{n:04}" for n in range(int(first), int(last))}
    assert listed == numbers


def test_make_targets_exist():
    targets = set(re.findall(r"^## ([\w-]+):", (PROJECT / "apxs.mk").read_text(), re.MULTILINE))
    named = [target for page in PAGES for _, _, text in blocks(page, "sh")
             for target in re.findall(r"make -f apxs\.mk +([a-z][\w-]*)", text)]
    assert {"demo", "demo-stop", "install", "test"} <= set(named) <= targets


def test_files_that_commands_name_exist():
    folders = r"(?<![\w/.-])(?:tests|support|conf\.example|docs)/[\w./-]+"
    for page in PAGES:
        for _, _, text in blocks(page, "sh"):
            for name in re.findall(folders, text):
                assert (PROJECT / name).exists(), f"{page.name}: {name}"


def anchors(text):
    """What GitHub makes of headings."""
    made, seen = set(), {}
    for heading in re.findall(r"^#+ (.*)$", re.sub(BLOCK, "", text), re.MULTILINE):
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        made.add(name if name not in seen else f"{name}-{seen[name]}")
        seen[name] = seen.get(name, 0) + 1
    return made


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        if target.startswith("http"):
            continue
        path, _, anchor = target.partition("#")
        other = (page.parent / path) if path else page
        assert other.exists(), target
        if anchor:
            assert anchor in anchors(other.read_text()), target
