"""Chromium without a window, driven over its debugging pipe (DevTools protocol).

    with chromium(folder) as browser:
        page = browser.page()
        page.watch_logins()
        assert page.visit(url) == 401 and page.asked == []
"""

import contextlib
import fcntl
import json
import os
import select
import subprocess
import time
from pathlib import Path

import parts

SECONDS = 30.0
LISTENING, OVER = "0A", "06"        # states in /proc/net/tcp
OPTIONS = ["--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--no-first-run",
           "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions", "--no-proxy-server",
           "--disable-background-networking", "--disable-component-update", "--disable-sync",
           "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"]


class Browser:
    """One message is one JSON text with a zero byte behind it. Answers have the number of their
    question, events have none; handlers are called with each event of their page."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.text, self.number, self.answers, self.pages = b"", 0, {}, {}

    def call(self, method, session=None, **parameters):
        number = self.send(method, session, **parameters)
        self.wait(lambda: number in self.answers, method)
        answer = self.answers.pop(number)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def send(self, method, session=None, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.writer, json.dumps(message).encode() + b"\0")
        return self.number

    def wait(self, condition, what):
        deadline = time.monotonic() + SECONDS
        while not condition():
            left = deadline - time.monotonic()
            assert left > 0 and select.select([self.reader], [], [], left)[0], f"no answer: {what}"
            data = os.read(self.reader, 65536)
            assert data, f"Chromium has ended: {what}"
            *messages, self.text = (self.text + data).split(b"\0")
            for message in map(json.loads, messages):
                self._take(message)

    def _take(self, message):
        if "id" in message:
            self.answers[message["id"]] = message
        elif message.get("sessionId") in self.pages:
            self.pages[message["sessionId"]].take(message["method"], message["params"])

    def page(self):
        """A page of its own: with no cookies, passwords or kept answers of others."""
        context = self.call("Target.createBrowserContext")
        target = self.call("Target.createTarget", url="about:blank", **context)
        session = self.call("Target.attachToTarget", flatten=True, **target)["sessionId"]
        self.pages[session] = Page(self, session, context)
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable", session)
        return self.pages[session]


class Page:
    def __init__(self, browser, session, context):
        self.browser, self.session, self.context = browser, session, context
        self.login, self.asked, self.said = None, [], []
        self.status, self.loaded, self.ports = None, False, set()

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def close(self):
        """Returns when its connections are gone: mpm_event may crash where one closes while the
        server is told to end."""
        self.browser.pages.pop(self.session)
        self.browser.call("Target.disposeBrowserContext", **self.context)
        deadline = time.monotonic() + SECONDS
        while _connected(self.ports) and time.monotonic() < deadline:
            time.sleep(0.02)

    def watch_logins(self, login=None):
        """From now on each question for a login is kept in asked, where a user would see a dialog,
        and answered with these (name, password), or given up."""
        self.login = login
        self.call("Fetch.enable", handleAuthRequests=True, patterns=[{"urlPattern": "*"}])

    def take(self, event, about):
        if event == "Fetch.requestPaused":
            self._send("Fetch.continueRequest", about)
        elif event == "Fetch.authRequired":
            self._answer(about)
        elif event == "Network.responseReceived":
            self.ports.add(about["response"].get("remotePort"))
            if about["type"] == "Document":
                self.status = about["response"]["status"]
        elif event == "Log.entryAdded":
            self.said.append(about["entry"]["text"])
        elif event == "Page.loadEventFired":
            self.loaded = True

    def _send(self, method, about, **parameters):
        self.browser.send(method, self.session, requestId=about["requestId"], **parameters)

    def _answer(self, about):
        """A browser asks again where the first answer was wrong: that one is given up."""
        challenge = about["authChallenge"]
        answer = {"response": "CancelAuth"}
        if self.login and not self.asked:
            name, password = self.login
            answer = {"response": "ProvideCredentials", "username": name, "password": password}
        self.asked.append((challenge["scheme"], challenge["realm"]))
        self._send("Fetch.continueWithAuth", about, authChallengeResponse=answer)

    def visit(self, url):
        """The status of the document."""
        self.loaded = False
        self.call("Page.navigate", url=url)
        self.browser.wait(lambda: self.loaded, url)
        return self.status

    def run(self, script):
        """What the body of an async function returns in the page."""
        answer = self.call("Runtime.evaluate", awaitPromise=True, returnByValue=True,
                           expression="(async () => {%s})()" % script)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def fetch(self, url, **options):
        """What fetch() gives a script: status, body and challenge, or the error. Nothing kept is
        used unless cache says so."""
        options = {"cache": "no-store", **options}
        return self.run("""
            try {
                const answer = await fetch(%s, %s);
                return { status: answer.status, body: await answer.text(),
                         challenge: answer.headers.get("WWW-Authenticate") };
            } catch (error) {
                return { error: String(error) };
            }""" % (json.dumps(url), json.dumps(options)))


def _connected(ports):
    """Whether there is a connection from or to one of these ports."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(int(end.rpartition(":")[2], 16) in ports for line in lines for end in line[1:3]
               if line[3] not in (LISTENING, OVER))


def _pipe():
    """Two ends, out of the way of the numbers 3 and 4, where Chromium wants them."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return high


@contextlib.contextmanager
def chromium(folder):
    """The browser, with its profile in this folder."""
    questions, answers = _pipe(), _pipe()

    def place():
        os.dup2(questions[0], 3)
        os.dup2(answers[1], 4)

    command = [parts.program("chromium", "chromium"), *OPTIONS, f"--user-data-dir={folder}/profile"]
    environment = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder),
                   "XDG_CACHE_HOME": str(folder)}
    try:
        with parts.service(command, env=environment, preexec_fn=place, pass_fds=(3, 4),
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
            os.close(questions[0])
            os.close(answers[1])
            browser = Browser(answers[0], questions[1])
            yield browser
            with contextlib.suppress(AssertionError, OSError):
                browser.call("Browser.close")
    finally:
        os.close(questions[1])
        os.close(answers[0])
