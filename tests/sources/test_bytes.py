import gzip

import pytest

from charz.errors import InputError
from charz.sources._bytes import decode, load


def test_a_zip_bomb_stops_at_the_limit(tmp_path):
    path = tmp_path / "d.csv.gz"
    path.write_bytes(gzip.compress(b"x" * 5_000_000))
    with pytest.raises(InputError, match="more than 1000 bytes"):
        load(path, limit=1000)
    assert len(load(path, limit=5_000_000)) == 5_000_000


def test_a_plain_file_stops_at_the_limit(tmp_path):
    path = tmp_path / "d.csv"
    path.write_bytes(b"x" * 1001)
    with pytest.raises(InputError, match="more than 1000 bytes"):
        load(path, limit=1000)


@pytest.mark.parametrize("text", ["plain", "naïve 🙂", "\u2028 \x1b odd"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_is_encoded_is_decoded(text, encoding):
    assert decode(text.encode(encoding), "d", encoding).content == text
    if encoding != "utf-16":
        assert decode(text.encode(encoding), "d").content == text
