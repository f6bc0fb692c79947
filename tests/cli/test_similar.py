"""``charz similar`` on real registries."""

ENCODER = "random:hash?dims=16"


def test_a_dataset_and_a_file_find_the_nearest(registry, rows, task):
    (found,) = rows("similar", "news", "--encoder", ENCODER)
    assert found["encoder"] == ENCODER
    assert [row["dataset"] for row in found["tasks"]] == ["blogs"]
    assert 0 < found["tasks"][0]["accuracy"] <= found["tasks"][0]["best_accuracy"] <= 1
    assert found["transfer"] == []
    (of_file,) = rows("similar", "--train", task["train"], "--by", "text")
    assert {row["dataset"] for row in of_file["tasks"]} == {"news", "blogs"}


def test_rows_go_to_stdout_and_talk_to_stderr(registry, charz):
    result = charz("similar", "news", "--top", "1")
    assert result.exit_code == 0, result.output
    head, line = result.stdout.splitlines()
    assert head.startswith("dataset,similarity,text_mean,fisher,group")
    assert line.startswith("blogs,")
    assert "compared under" in result.stderr


def test_wrong_usage_and_unknown_names(registry, charz):
    assert charz("similar").exit_code == 2
    assert charz("similar", "news", "--train", "x.csv").exit_code == 2
    assert charz("similar", "nws").exit_code == 1
    assert "news" in charz("similar", "nws").stderr
