"""A headless Chromium, spoken to over a pipe in its DevTools protocol: open a page, run a line, take a picture."""

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PATIENCE_SECONDS = 60


class PageError(AssertionError):
    """A line that was run in the page threw."""


class Browser:
    """One browser with one page; closed by `with`. `problems` are errors and warnings of its console."""

    def __init__(self, profile: Path, width: int = 1380, height: int = 900) -> None:
        program = next((found for name in NAMES if (found := shutil.which(name))), None)
        assert program is not None, "these tests look at the page in Chromium: install Debian's chromium"
        self.problems: list[str] = []
        self.requests: list[str] = []
        self._last = 0
        self._buffer = b""
        to_browser, self._out = os.pipe()
        self._in, from_browser = os.pipe()

        # The browser reads commands from descriptor 3 and answers on 4.
        def hand_over() -> None:
            os.dup2(to_browser, 63)
            os.dup2(from_browser, 64)
            os.dup2(63, 3)
            os.dup2(64, 4)

        self._process = subprocess.Popen(
            [
                *(program, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"),
                *("--no-first-run", "--hide-scrollbars", f"--window-size={width},{height}"),
                *(f"--user-data-dir={profile}", "about:blank"),
            ],
            preexec_fn=hand_over,
            close_fds=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        found = self._call("Target.getTargets")["targetInfos"]
        page = next(target["targetId"] for target in found if target["type"] == "page")
        self._session = self._call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")

    _session = ""

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *exception: object) -> None:
        os.close(self._out)
        self._process.terminate()
        self._process.wait(PATIENCE_SECONDS)
        os.close(self._in)

    def open(self, file: Path) -> None:
        """Load a page from disk and wait until it has drawn itself."""
        self._call("Page.navigate", url=file.as_uri())
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.run("document.readyState") != "complete" or self.run("location.href") != file.as_uri():
            assert time.monotonic() < deadline, f"{file} does not load"

    def run(self, line: str) -> Any:
        """The value of a JavaScript expression in the page. Raises PageError where it throws."""
        said = self._call("Runtime.evaluate", expression=line, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in said:
            raise PageError(json.dumps(said["exceptionDetails"]))
        return said["result"].get("value")

    def click(self, selector: str) -> None:
        """Click the first element that a CSS selector finds, with the mouse of the page."""
        find = f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
        middle = " const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        box = self.run(f"{find} e.scrollIntoView({{block: 'center'}});{middle}")
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def press(self, key: str) -> None:
        """Press a key where the focus is."""
        text = "\r" if key == "Enter" else None
        for kind in ("keyDown", "keyUp"):
            self._call("Input.dispatchKeyEvent", type=kind, key=key, **({"text": text} if text else {}))

    def prefers(self, scheme: str) -> None:
        """Let the page believe that its reader likes `light` or `dark`."""
        self._call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def picture(self) -> bytes:
        """What is to be seen, as a PNG."""
        return base64.b64decode(self._call("Page.captureScreenshot", format="png")["data"])

    def _call(self, method: str, **arguments: Any) -> dict[str, Any]:
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": arguments}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._last:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self._note(answer.get("method", ""), answer.get("params", {}))

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            piece = os.read(self._in, 1 << 16)
            assert piece, "the browser stopped"
            self._buffer += piece
        text, _, self._buffer = self._buffer.partition(b"\0")
        found: dict[str, Any] = json.loads(text)
        return found

    def _note(self, method: str, said: Mapping[str, Any]) -> None:
        if method == "Runtime.exceptionThrown":
            self.problems.append(json.dumps(said["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and said["type"] in ("error", "warning", "assert"):
            self.problems.append(json.dumps(said["args"]))
        elif method == "Log.entryAdded" and said["entry"]["level"] in ("error", "warning"):
            self.problems.append(said["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(said["request"]["url"])
