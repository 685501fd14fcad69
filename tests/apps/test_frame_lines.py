"""How frames are found in a file."""

from __future__ import annotations

import io

import pytest

from ocpp16.apps.frame_lines import read_frames

CALL = b'[2,"1","Heartbeat",{}]'


def read(text: bytes, limit: int = 1000) -> list[tuple[int, bytes | None]]:
    return [(line.number, line.frame) for line in read_frames(io.BytesIO(text), limit)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", []),
        (b"\n\r\n \t\n", []),
        (CALL, [(1, CALL)]),
        (CALL + b"\r\n" + CALL + b"\n", [(1, CALL), (2, CALL)]),
        (b"\n\n" + CALL, [(3, CALL)]),
        (b"\xef\xbb\xbf" + CALL, [(1, b"\xef\xbb\xbf" + CALL)]),
        (b"hello\n" + CALL, [(1, b"hello"), (2, CALL)]),
        # printed over several lines
        (b'[2,"1",\n"Heartbeat",\n{}]\n' + CALL, [(1, b'[2,"1",\n"Heartbeat",\n{}]'), (4, CALL)]),
        (b'[\n  2,\n  "1",\n\n  "X",\n  {}\n]', [(1, b'[\n  2,\n  "1",\n  "X",\n  {}\n]')]),
        (b'[3,"1",{"a":\n [\n1]}]', [(1, b'[3,"1",{"a":\n [\n1]}]')]),
        # a bracket in a text is none
        (b'[2,"[","X",{}]\n' + CALL, [(1, b'[2,"[","X",{}]'), (2, CALL)]),
        (b'[2,"\\"[","X",{}]\n' + CALL, [(1, b'[2,"\\"[","X",{}]'), (2, CALL)]),
        # cut off: the frames after it are found
        (b'[2,"1","X",{\n' + CALL, [(1, b'[2,"1","X",{'), (2, CALL)]),
        (b'[2,"1","X",{\nhello\n' + CALL, [(1, b'[2,"1","X",{'), (2, b"hello"), (3, CALL)]),
        (b'[2,"1","X",{\n' + CALL + b"\n}]", [(1, b'[2,"1","X",{'), (2, CALL), (3, b"}]")]),
        (b'[2,"1","X",{\nhello', [(1, b'[2,"1","X",{'), (2, b"hello")]),
    ],
)
def test_frames_of_a_file(text: bytes, expected: list[tuple[int, bytes]]) -> None:
    assert read(text) == expected


def test_a_line_over_the_limit_is_told_and_the_next_is_read() -> None:
    text = b"x" * 10 + b"\n" + b"x" * 11 + b"\n" + b"x" * 50 + b"\r\n" + CALL[:5]
    assert read(text, 10) == [(1, b"x" * 10), (2, None), (3, None), (4, CALL[:5])]


def test_a_frame_over_several_lines_is_bounded_too() -> None:
    text = b'[2,"1",\n"aaaa",\n"bbbb",\n{}]'
    assert len(read(text, len(text))) == 1
    assert [number for number, _ in read(text, len(text) - 1)] == [1, 2, 3, 4]


def test_a_long_line_is_never_held_as_a_whole() -> None:
    class Counting(io.BytesIO):
        largest = 0

        def readline(self, size: int | None = -1, /) -> bytes:
            line = super().readline(size)
            self.largest = max(self.largest, len(line))
            return line

    stream = Counting(b"x" * 1_000_000 + b"\n" + CALL)
    frames = [line.frame for line in read_frames(stream, 100)]
    assert frames == [None, CALL]
    assert stream.largest <= 102


def test_a_frame_is_given_out_before_the_next_line_is_read() -> None:
    class Live(io.BytesIO):
        def readline(self, size: int | None = -1, /) -> bytes:
            line = super().readline(size)
            if not line:
                raise AssertionError("waited for more")
            return line

    lines = read_frames(Live(CALL + b"\n"))
    assert next(lines).frame == CALL
