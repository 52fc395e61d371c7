"""`mkdocs serve` for readers: it says what to wait for, and serves under an address that others can open.

Messages are in both languages, since a terminal shows no site with a language of its own.
"""

import errno
import logging
import os
import socket
from urllib.parse import urlsplit, urlunsplit

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort
from mkdocs.plugins import get_plugin_logger

ANY = {"0.0.0.0", "::"}  # stand for all addresses of this machine, and open none
WAIT = """正在生成这本书：第一次约一分钟，以后几秒。出现 “Serving on” 以后，打开它后面的网址；按 Ctrl+C 结束。
            Building the book: about a minute the first time, then some seconds.
            Wait for “Serving on” and open the address after it; Ctrl+C ends it."""
OTHERS = "同一个局域网里的人打开 · others on your network open: {}"
TAKEN = "端口 {port} 已被占用，换一个 · port {port} is in use, take another: mkdocs serve -a {host}:{next}"

log = get_plugin_logger("book")
_begins_to_serve: list[bool] = []


def on_startup(command: str, dirty: bool) -> None:
    logging.getLogger("jieba").setLevel(logging.WARNING)  # else it tells in four lines that it is loading its words
    if command == "serve":
        _begins_to_serve.append(True)


def on_config(config: MkDocsConfig) -> None:
    if config.theme["language"] == "en":
        return  # built with the Chinese site, for which all of this has been said
    host, port = config.dev_addr.host, config.dev_addr.port
    config.site_url = for_others(config.site_url or "")
    if _begins_to_serve:
        _begins_to_serve.clear()  # a build after an edit has nothing new to say
        if taken(host, port):
            raise Abort(TAKEN.format(host=host, port=port, next=port + 1))
        log.info(WAIT)
        if host in ANY and config.site_url:
            log.info(OTHERS.format(config.site_url))


def taken(host: str, port: int) -> bool:
    """Whether another program listens there; MkDocs itself would find out after building the whole book."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        if os.name != "nt":  # there it would let two programs share the port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


def for_others(address: str) -> str:
    """`address`, in which the one that the network has for this machine stands for “all”; "" where it has none."""
    parts = urlsplit(address)
    if parts.hostname not in ANY:
        return address
    own = own_address()
    return urlunsplit(parts._replace(netloc=f"{own}:{parts.port}")) if own else ""


def own_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(("192.0.2.1", 9))  # nobody's address: nothing is sent, only a way out is chosen
        except OSError:
            return ""
        return asking.getsockname()[0]
