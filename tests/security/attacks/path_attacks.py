"""Names and paths that peers choose, to reach files that are not theirs, at both ends."""

from __future__ import annotations

from typing import Final

import attrs


@attrs.frozen
class Name:
    """The last part of a path, as it is sent, and what it is answered."""

    id: str
    tries: str
    sent: str
    expected: int = 400


UPLOADS: Final = [
    Name("dots", "the folder above", ".."),
    Name("dot", "the folder itself", "."),
    Name("slash", "a folder and a name", "a%2Fb"),
    Name("up", "a file of the system", "..%2F..%2Fetc%2Fpasswd"),
    Name("up-lower", "likewise, in small letters", "..%2f..%2fetc%2fpasswd"),
    Name("dots-escaped", "the folder above, escaped", "%2e%2e"),
    Name("all-escaped", "likewise, and a name", "%2e%2e%2fetc"),
    Name("absolute", "a path from the root", "%2Fetc%2Fpasswd"),
    Name("backslash", "the separator of another system", "..%5C..%5Cboot.ini"),
    Name("backslash-plain", "likewise, as it is", "..\\boot.ini"),
    Name("drive", "a drive of another system", "C%3Aboot.ini"),
    Name("stream", "a stream within a file", "a.txt%3A%3A%24DATA"),
    Name("nul", "a name that ends early", "a%00.txt"),
    Name("newline", "two lines", "a%0Ab"),
    Name("header", "a header of the response", "a%0D%0ASet-Cookie%3A%20x"),
    Name("escape", "colours in a terminal", "a%1B%5B31m"),
    Name("overlong", "dots and a slash in too many bytes", "%C0%AE%C0%AE%C0%AF"),
    Name("overlong-3", "likewise, in three", "%E0%80%AE%E0%80%AE%E0%80%AF"),
    Name("surrogate", "half a character", "%ED%A0%80"),
    Name("broken", "an escape that is none", "a%2"),
    Name("broken-u", "an escape of another kind", "%u002e%u002e%u2215"),
    Name("latin", "a byte that is no UTF-8", "%E4"),
    Name("right-to-left", "a name that looks like another", "%E2%80%AEtxt.exe"),
    Name("line-separator", "a line end of Unicode", "a%E2%80%A8b"),
    Name("blank", "nothing to see", "%20"),
    Name("dots-blank", "the folder above, for some systems", "..%20"),
    Name("long", "more than a file system takes", "a" * 256),
    Name(
        "twice-escaped",
        "an escape within an escape: a name, and no path",
        "%252e%252e%252fetc",
        201,
    ),
    Name("division-slash", "what looks like a slash, and is none", "..%E2%88%95etc", 201),
    Name("wide-dots", "what looks like dots, and is none", "%EF%BC%8E%EF%BC%8E", 201),
    Name("device", "a device of another system", "CON", 201),
    Name("hidden", "a hidden file", ".htaccess", 201),
    Name("our-part", "a name that our own files have", ".part-0123456789abcdef", 201),
    Name("number", "the number of another job", "1", 201),
    Name("shell", "a command", "%24(reboot)%3Breboot%60reboot%60", 201),
]
"""Names of files that a charge point sends. Those that are taken are data, kept with the job."""
TARGETS: Final = [
    Name("nothing", "what there is at all", "/", 404),
    Name("folder", "the folder of uploads", "/uploads", 404),
    Name("listing", "a list of images", "/firmware/", 404),
    Name("more", "a folder of one's own", "{up}a/b", 404),
    Name("plain-up", "the store, by plain dots", "{up}../../site.db", 404),
    Name("double-slash", "an empty part", "/{up}a", 404),
    Name("semicolon", "a parameter within the path", "{bare};x=/a", 404),
    Name("of-another-kind", "to send firmware with the right to send a log", "/firmware/{secret}/a",
         405),
    Name("absolute-form", "another server", "http://169.254.169.254{up}a", 404),
    Name("query", "the right as a query", "/uploads?{secret}/a", 404),
    Name("secret-escaped", "the right in other letters", "/uploads/%41{rest}/a", 404),
    Name("api", "the control API", "/jobs/1/file", 404),
]  # fmt: skip
"""Targets of requests to where files are sent."""
IMAGES: Final = [
    Name("dots", "the folder above", "%2E%2E", 422),
    Name("slash", "a folder and a name", "a%2Fb", 404),
    Name("up", "a file of the system", "..%2F..%2Fetc%2Fpasswd", 404),
    Name("absolute", "a path from the root", "%2Fetc%2Fpasswd", 404),
    Name("backslash", "the separator of another system", "..%5Cb", 422),
    Name("drive", "a drive of another system", "C%3Ab", 422),
    Name("nul", "a name that ends early", "a%00.bin", 422),
    Name("newline", "two lines", "a%0Ab", 422),
    Name("newline-at-the-end", "a line end after a good name", "a%0A", 422),
    Name("hidden", "a hidden file", ".a", 422),
    Name("our-part", "a name that our own files have", ".part-0123456789abcdef", 422),
    Name("signature", "the signature of another image", "b.bin.signed", 422),
    Name("overlong", "dots in too many bytes", "%C0%AE%C0%AE", 400),
    Name("blank", "a blank", "a%20b", 422),
    Name("wide", "letters of another script", "%EF%BD%81", 422),
    Name("long", "more than 100 characters", "a" * 101, 422),
    Name("twice-escaped", "an escape within an escape", "%252e%252e", 422),
]
"""Names of images, by the control API."""
SENT: Final = [
    Name("dots", "the folder above", ".."),
    Name("dot", "the folder itself", "."),
    Name("nothing", "no name", ""),
    Name("slash", "a folder and a name", "a/b"),
    Name("up", "a file of the server", "../../etc/passwd"),
    Name("backslash", "the separator of another system", "..\\a"),
    Name("drive", "a drive of another system", "C:a"),
    Name("nul", "a name that ends early", "a\0.txt"),
    Name("command", "a command of FTP", "a\r\nDELE b"),
    Name("header", "a header of HTTP", "a HTTP/1.1\r\nX: y"),
    Name("right-to-left", "a name that looks like another", "\u202etxt.exe"),
]
"""Names under which a charge point would send a file; none of them leaves."""
IDENTITIES: Final = [
    Name("up", "a folder of another", "../../etc"),
    Name("absolute", "a path from the root", "/etc/passwd"),
    Name("slash", "a folder", "a/b"),
    Name("backslash", "the separator of another system", "..\\a"),
    Name("drive", "a drive of another system", "C:a"),
    Name("hidden", "a hidden file", "...a"),
    Name("shell", "a command", "$(reboot);`reboot`"),
    Name("home", "a home folder", "~root"),
    Name("glob", "many files", "*"),
]
"""Identities of charge points, where files are named by them."""
