"""Recipes read public datasets in their owners' layouts: every row is accounted for, and labels come back as they were.

The files are made up, in exactly the layout of the real ones.
"""

import json
from collections import Counter

import pytest

import kazstance as ks
from kazstance.corpus.imported.recipe import FOLDER, names, recipe
from kazstance.errors import InputError, KazstanceError, UnknownNameError

FOLDERS = {
    "semeval2016": {
        "trainingdata-all-annotations.txt": (
            "ID\tTarget\tTweet\tStance\tOpinion towards\tSentiment\r\n"
            '101\tthe toll\tHe said "no more" – a long time ago #SemST\tAGAINST\tTARGET\tneg\r\n'
            "102\tthe quay\tIt is caf\xe9 time #SemST\tNONE\tNO ONE\tother\r\n"
        ).encode("windows-1252"),
        "testdata-taskA-all-annotations.txt": (
            "ID\tTarget\tTweet\tStance\tOpinion towards\tSentiment\r\n"
            "10001\tthe toll\tPay it gladly #SemST\tFAVOR\tTARGET\tpos\r\n"
        ).encode("windows-1252"),
    },
    "tweeteval": {
        "datasets/stance/toll/train_text.txt": "pay it\nwho pays ? \n",
        "datasets/stance/toll/train_labels.txt": "2\n1\n",
        "datasets/stance/quay/val_text.txt": "a quay\n",
        "datasets/stance/quay/val_labels.txt": "0\n",
        "datasets/stance/toll/test_text.txt": "never\n",
        "datasets/stance/toll/test_labels.txt": "1\n",
    },
    "vast": {
        f"vast_{split}.csv": (
            "author,post,ori_topic,ori_id,new_topic,label,type_idx,new_id,arc_id,topic,topic_str,seen?,contains_topic?,text,text_s\n"
            f'Ann,"A post, ""so"" {split}",tolls,{i}-P,tolls,{i},2,{i},77,"[""toll""]",toll,0,1,"[[""a""]]",a post\n'
            f'Ann,"A post, ""so"" {split}",tolls,{i}-P,tolls,2,4,1{i},77,"[""quay""]",quay,0,0,"[[""a""]]",a post\n'
        )
        for i, split in enumerate(("train", "dev", "test"))
    },
    "x-stance": {
        "data/train.jsonl": '{"id": 1, "language": "de", "question_id": 5, "question": "Soll der Zoll steigen?", "comment": "Nein, nie.", "label": "AGAINST", "numerical_label": 0, "author": "a1", "topic": "Economy"}\n'
        '{"id": 2, "language": "fr", "question_id": 5, "question": "Le péage ?", "comment": "Oui.", "label": "FAVOR", "numerical_label": 75, "author": "a2", "topic": "Economy"}\n',
        "data/valid.jsonl": '{"id": 3, "language": "de", "question_id": 5, "question": "Soll der Zoll steigen?", "comment": "Ja.", "label": "FAVOR", "numerical_label": 100, "author": "a3", "topic": "Economy"}\n',
        "data/test.jsonl": '{"id": 4, "language": "it", "question_id": 6, "question": "Il molo?", "comment": "No.", "label": "AGAINST", "numerical_label": 25, "author": "a4", "topic": "Economy", "test_set": "new_comments_it"}\n',
    },
    "p-stance": {
        f"raw_{split}_all.csv": f'Tweet,Target,Stance\n"Vote, {split}!",The Mayor,FAVOR\nNo {split}.,The Mayor,AGAINST\nNo {split}.,The Mayor,AGAINST\n'
        for split in ("train", "val", "test")
    },
    "wt-wt": {
        "wtwt_ids.json": json.dumps(
            [
                {"tweet_id": "9007199254740993", "merger": "CVS_AET", "stance": "support"},
                {"tweet_id": "9007199254740995", "merger": "CI_ESRX", "stance": "unrelated"},
                {"tweet_id": "9007199254740997", "merger": "CI_ESRX", "stance": "comment"},
            ]
        ),
        "texts.csv": "id,text\n9007199254740993,They will merge.\n9007199254740995,Good morning.\n",
    },
    "covid-stance": {
        "dataset/masks_train.csv": 'Tweet Id,Target,Stance,Opinion Towards,Sentiment\n128,masks,FAVOR,"1.  explicit, really",pos\n',
        "dataset/masks_val.csv": "Tweet Id,Target,Stance,Opinion Towards,Sentiment\n129,masks,NONE,3. none,other\n",
        "dataset/masks_test.csv": "Tweet Id,Target,Stance,Opinion Towards,Sentiment\n130,masks,AGAINST,1. explicit,neg\n131,masks,AGAINST,1. explicit,neg\n",
        "dataset/masks_train_noisy.csv": "Tweet Id,Target,Stance,Opinion Towards,Sentiment\n999,masks,FAVOR,_,_\n",
        "texts.jsonl": '{"id": "128", "text": "Wear it."}\n{"id": "129", "text": "A mask."}\n{"id": "130", "text": "Never."}\n',
    },
    "gwsd": {
        "GWSD.tsv": "\tround\tbatch\tsent_id\tsentence\t"
        + "\t".join(f"worker_{i}" for i in range(8))
        + "\tdisagree\tagree\tneutral\tguid\tin_held_out_test\n"
        + "0\t1\t0\ts0\tIt is a hoax.\t"
        + "\t".join(["disagrees"] * 8)
        + "\t\t\t\t1_0_s0\tFalse\n"
        + '1\t1\t1\tt1\tThe "sea" rises.\t'
        + "\t".join(["agrees"] * 5 + ["neutral"] * 2 + ["disagrees"])
        + "\t0.1\t0.8\t0.1\t1_1_t1\tTrue\n",
    },
    "mawqif": {
        "Mawqif_AllTargets_Train.csv": "\ufeffID,text,target,stance,sarcasm,sentiment,stance:confidence\n"
        "1,نص أول,التطعيم,Favor,No,Positive,1.0\n2,نص ثان,التطعيم,,No,Neutral,0.6\n3,نص ثالث,التحول,Against,Yes,Negative,1.0\n",
    },
    "nlpcc2016": {
        "evasampledata4-TaskAA.txt": "ID\tTARGET\tTEXT\tSTANCE\r\n1\t通行费\t太贵了\tAGAINST\r\n2\t通行费\t没有标签\r\n3\t码头\t多\t一\t列\tNONE\r\n".encode(
            "gb18030"
        ),
        "NLPCC_2016_Stance_Detection_Task_A_gold.txt": "ID\tTARGET\tTEXT\tSTANCE\r\n1\t码头\t支持\tFAVOR\r\n".encode(
            "gb18030"
        ),
    },
    "perspectrum": {
        "data/dataset/perspectrum_with_answers_v1.0.json": json.dumps(
            [
                {
                    "cId": 7,
                    "text": "The toll is fair",
                    "source": "a site",
                    "perspectives": [
                        {
                            "pids": [1, 2],
                            "stance_label_3": "SUPPORT",
                            "stance_label_5": "SUPPORT",
                            "voter_counts": [2, 1, 0, 0, 0],
                            "evidence": [3],
                        },
                        {
                            "pids": [3],
                            "stance_label_3": "UNDERMINE",
                            "stance_label_5": "UNDERMINE",
                            "voter_counts": [0, 0, 1, 3, 1],
                            "evidence": [],
                        },
                    ],
                    "topics": ["money"],
                }
            ]
        ),
        "data/dataset/perspective_pool_v1.0.json": json.dumps(
            [{"pId": i, "text": f"Perspective {i}", "source": "a site"} for i in (1, 2, 3)]
        ),
        "data/dataset/dataset_split_v1.0.json": json.dumps({"7": "dev"}),
    },
    "ibm-claim-stance": {
        "claim_stance_dataset_v1.csv": "topicId,split,topicText,topicTarget,topicSentiment,claims.claimId,claims.stance,claims.claimCorrectedText,claims.claimOriginalText,claims.article.rawFile\n"
        '1,train,"The city should, at last, charge a toll",toll,1,2973,PRO,a toll is fair,that a toll is fair,a.txt\n'
        '1,test,"The city should, at last, charge a toll",toll,1,2974,CON,"it costs, too","It costs, too",a.txt\n',
    },
    "fnc-1": {
        "train_bodies.csv": 'Body ID,articleBody\n0,"A toll is coming.\n\nIt says ""no""."\n5,Another article.\n',
        "train_stances.csv": "Headline,Body ID,Stance\nToll comes,0,agree\nToll comes,5,unrelated\nToll comes,9,unrelated\n",
        "competition_test_bodies.csv": "Body ID,articleBody\n0,A test article.\n",
        "competition_test_stances.csv": "Headline,Body ID,Stance\nNo toll,0,discuss\nNo toll,0,discuss\n",
    },
    "seesaw": {
        "SEESAW/articles/TRIPLET_000_DOCUMENT_0.json": json.dumps(
            {
                "title": "A toll",
                "text": [
                    {"id": i, "text": text}
                    for i, text in enumerate(
                        ["The mayor blasted the guild.", "It rained.", "She praised the toll.", ""]
                    )
                ],
            }
        ),
        "SEESAW/meta/TRIPLET_000.json": json.dumps(
            {
                "story_time": "2015-03-21",
                "story_topic": "tolls",
                "Split": "train",
                "Meta info for article 0": {
                    "source": "The Gazette (Online)",
                    "url": "http://gazette.example/1",
                    "title": "A toll",
                    "bias_label": 4,
                },
            }
        ),
        "SEESAW/annotations/TRIPLET_000_DOCUMENT_0.json": json.dumps(
            {
                "title": "A toll",
                "sentence-level stances": {
                    "0": [
                        {
                            "id": 0,
                            "subject": "the mayor",
                            "sentiment": "NEG",
                            "object": "the guild",
                            "annotators": ["A", "B"],
                        }
                    ],
                    "2": [
                        {
                            "id": 0,
                            "subject": "the mayor",
                            "sentiment": "POS",
                            "object": "the toll",
                            "annotators": ["A"],
                        },
                        {
                            "id": 1,
                            "subject": "Not in the list",
                            "sentiment": "POS",
                            "object": "Not in the list",
                            "annotators": ["A"],
                        },
                    ],
                },
            }
        ),
    },
    "basil": {
        "articles/2010/ab_1.json": json.dumps(
            {
                "title": "Toll fiercely fought",
                "date": "2010-07-02",
                "uuid": "d2e1",
                "url": "http://nyt.example/1",
                "source": "NYT",
                "main-event": "A toll",
                "main-entities": ["The Mayor"],
                "triplet-uuid": "ab",
                "body-paragraphs": [
                    ["The mayor drew fierce criticism, which was fierce-looking.", "It rained."],
                    ["He said the toll is robbery."],
                ],
            }
        ),
        "annotations/2010/ab_1_ann.json": json.dumps(
            {
                "article-level-annotations": {},
                "phrase-level-annotations": [
                    {
                        "id": "p0",
                        "start": 15,
                        "end": 31,
                        "txt": "fierce criticism",
                        "polarity": "neg",
                        "target": "The_Mayor",
                        "quote": "no",
                        "speaker": "",
                        "bias": "lex",
                        "aim": "dir",
                        "notes": "",
                    },
                    {
                        "id": "p0",
                        "start": 0,
                        "end": 9,
                        "txt": "The mayor",
                        "polarity": "neg",
                        "target": "The_Mayor",
                        "quote": "no",
                        "speaker": "",
                        "bias": "inf",
                        "aim": "dir",
                        "notes": "",
                    },
                    {
                        "id": "p2",
                        "start": 20,
                        "end": 27,
                        "txt": "robbery",
                        "polarity": "neg",
                        "target": "the_toll",
                        "quote": "yes",
                        "speaker": "The_Mayor",
                        "bias": "inf",
                        "aim": "dir",
                        "notes": "x",
                    },
                    {
                        "id": "title",
                        "start": 5,
                        "end": 13,
                        "txt": "fiercely",
                        "polarity": "pos",
                        "target": "the_toll",
                        "quote": "no",
                        "speaker": "",
                        "bias": "lex",
                        "aim": "dir",
                        "notes": "",
                    },
                ],
            }
        ),
    },
    "uk-manifestos": {
        "manifestos.csv": '"doc_id","text","party","partyname","year","crowd_econsocial_label","crowd_econsocial_mean","crowd_econsocial_n"\n'
        '"Con_1987_1","Taxes must fall.","Con","Conservative Party",1987,"Economic",1.4,5\n'
        '"Con_1987_2","We thank you.","Con","Conservative Party",1987,"Neither",NA,5\n'
        '"Lab_1997_1","Schools are for all.","Lab","Labour Party",1997,"Social",-0.5,6\n'
        '"Lab_1945_1","Nobody coded this.","Lab","Labour Party",1945,NA,NA,NA\n',
    },
}
EXPECTED = {
    "semeval2016": (3, {}, {"AGAINST": 1, "NONE": 1, "FAVOR": 1}),
    "tweeteval": (4, {}, {"2": 1, "1": 2, "0": 1}),
    "vast": (6, {}, {"0": 1, "1": 1, "2": 4}),
    "x-stance": (4, {}, {"AGAINST": 2, "FAVOR": 2}),
    "p-stance": (9, {}, {"FAVOR": 3, "AGAINST": 6}),
    "wt-wt": (3, {"no text": 1}, {"support": 1, "unrelated": 1}),
    "covid-stance": (4, {"no text": 1}, {"FAVOR": 1, "NONE": 1, "AGAINST": 1}),
    "gwsd": (2, {}, {"disagrees": 9, "agrees": 5, "neutral": 2}),
    "mawqif": (3, {}, {"Favor": 1, "None": 1, "Against": 1}),
    "nlpcc2016": (4, {"no label": 1, "no text": 1}, {"AGAINST": 1, "FAVOR": 1}),
    "perspectrum": (
        3,
        {},
        {"support": 4, "mildly_support": 2, "mildly_undermine": 1, "undermine": 3, "not_a_perspective": 1},
    ),
    "ibm-claim-stance": (2, {}, {"PRO": 1, "CON": 1}),
    "fnc-1": (5, {"no text": 1, "repeats an earlier row": 1}, {"agree": 1, "unrelated": 1, "discuss": 1}),
    "seesaw": (6, {"no label": 1, "no target": 1, "no text": 1}, {"NEG": 2, "POS": 1}),
    "basil": (5, {"no label": 1}, {"neg": 2, "pos": 1}),
}
"""By recipe the number of rows, why rows are dropped, and the labels that come back."""


def write(name, folder):
    for file, content in FOLDERS[name].items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


@pytest.fixture
def owned(tmp_path):
    """The dataset of a recipe and made-up files."""

    def make(name, **options):
        return ks.from_table(write(name, tmp_path / "copy"), tmp_path / "data", recipe=name, **options)

    return make


def test_every_recipe_is_tried():
    assert set(names()) == FOLDERS.keys()
    assert {file.suffix for file in FOLDER.iterdir()} == {".toml"}


@pytest.mark.parametrize("name", EXPECTED)
def test_rows_are_accounted_for_and_labels_come_back(name, owned):
    rows, dropped, labels = EXPECTED[name]
    found = owned(name)
    record = found.verify().imported[0]
    assert (record.recipe, record.rows) == (name, rows)
    assert {one.reason: one.rows for one in record.dropped} == dropped
    assert record.kept == rows - sum(dropped.values())
    assert Counter(row.original for row in found.judgements.records()) == labels
    assert Counter({m.original: m.judgements for m in found.manifest.mapped_labels}) == labels
    assert f"by the recipe {name}" in (found.path / "README.md").read_text().replace("\\-", "-")
    assert found.manifest.title == recipe(name).title


@pytest.mark.parametrize(
    ("name", "splits"),
    [
        ("semeval2016", {"train": 2, "validation": 0, "test": 1}),
        ("tweeteval", {"train": 2, "validation": 1, "test": 1}),
        ("vast", {"train": 2, "validation": 2, "test": 2}),
        ("x-stance", {"train": 2, "validation": 1, "test": 1}),
        ("p-stance", {"train": 3, "validation": 3, "test": 3}),
        ("covid-stance", {"train": 1, "validation": 1, "test": 1}),
        ("gwsd", {"train": 1, "validation": 0, "test": 1}),
        ("mawqif", {"train": 3, "validation": 0, "test": 0}),
        ("perspectrum", {"train": 0, "validation": 3, "test": 0}),
        ("fnc-1", {"train": 2, "validation": 0, "test": 1}),
        ("seesaw", {"train": 2, "validation": 0, "test": 0}),
    ],
)
def test_splits_are_those_of_the_owners(name, splits, owned):
    found = owned(name)
    assert {split: file.rows for split, file in found.manifest.tables["grid"].items()} == splits


def texts(found):
    names = {target.target_id: target.name for target in found.targets}
    return {(row.text, names[row.target_id], row.label_name) for row in found.grid.records()}


def test_texts_come_through_as_they_are(owned):
    assert texts(owned("semeval2016")) == {
        ('He said "no more" – a long time ago #SemST', "the toll", "against"),
        ("It is café time #SemST", "the quay", "neutral"),
        ("Pay it gladly #SemST", "the toll", "favor"),
    }


def test_a_text_with_several_targets_is_one_sentence(owned):
    found = owned("vast")
    assert len(found.sentences) == 3
    assert {t.name for t in found.targets} == {"toll", "quay"}
    assert {(r.text, r.label_name) for r in found.grid.records("train")} == {
        ('A post, "so" train', "against"),
        ('A post, "so" train', "neutral"),
    }


def test_articles_are_about_headlines(owned):
    assert ('A toll is coming.\n\nIt says "no".', "Toll comes", "favor") in texts(owned("fnc-1"))


def test_languages_and_attributes_of_x_stance(owned):
    found = owned("x-stance")
    assert [(d.language, d.author, d.numerical_label) for d in found.documents] == [
        ("de", "a1", 0),
        ("fr", "a2", 75),
        ("de", "a3", 100),
        ("it", "a4", 25),
    ]
    assert [d.test_set for d in found.documents] == [None, None, None, "new_comments_it"]


def test_people_of_another_batch_are_others(owned):
    found = owned("gwsd")
    assert len(found.annotators) == 16
    assert {a.annotator_id for a in found.annotators} >= {"1_0_worker_0", "1_1_worker_0"}
    assert {row.text: row.label_name for row in found.grid.records()} == {
        "It is a hoax.": "against",
        'The "sea" rises.': "favor",
    }


def test_votes_are_kept_for_each_perspective(owned):
    found = owned("perspectrum")
    votes = {row.text: Counter(vote.label_name for vote in row.votes) for row in found.grid.records()}
    assert votes == {
        "Perspective 1": {"favor": 3},
        "Perspective 2": {"favor": 3},
        "Perspective 3": {"against": 4, "none": 1},
    }


def test_stances_of_others_are_those_of_holders(owned):
    found = owned("seesaw")
    held = {(r.target_id, r.holder, r.annotator_id, r.label_name) for r in found.judgements.records()}
    assert held == {
        ("the_guild", "the mayor", "A", "against"),
        ("the_guild", "the mayor", "B", "against"),
        ("the_toll", "the mayor", "A", "favor"),
    }
    assert [s.text for s in found.sentences] == ["The mayor blasted the guild.", "It rained.", "She praised the toll."]
    (document,) = found.documents
    assert (document.source_id, document.date, document.story, document.topic) == (
        "The_Gazette_Online",
        "2015-03-21",
        "TRIPLET_000",
        "tolls",
    )


def test_spans_are_evidence(owned):
    found = owned("basil")
    marked = {(r.target_id, r.holder): [(s.start, s.end) for s in r.evidence] for r in found.judgements.records()}
    assert marked == {
        ("The_Mayor", None): [(0, 9), (15, 31)],
        ("the_toll", "The Mayor"): [(20, 27)],
        ("the_toll", None): [(5, 13)],
    }
    assert [s.text for s in found.sentences][1:] == [
        "The mayor drew fierce criticism, which was fierce-looking.",
        "It rained.",
        "He said the toll is robbery.",
    ]
    assert [s.source_id for s in found.sources] == ["nyt"]


def test_a_key_that_the_owners_have_twice_counts_once(tmp_path):
    folder = write("basil", tmp_path / "copy")
    file = folder / "annotations/2010/ab_1_ann.json"
    file.write_text(file.read_text().replace('"notes": "x"', '"notes": "x", "notes": "y"'))
    found = ks.from_table(folder, tmp_path / "data", recipe="basil")
    assert "inf; dir; y" in {row.note for row in found.judgements.records()}


def test_a_file_of_a_dataset_is_enough(tmp_path):
    folder = write("semeval2016", tmp_path / "copy")
    found = ks.from_table(folder / "trainingdata-all-annotations.txt", tmp_path / "data", recipe="semeval2016")
    assert found.manifest.imported[0].rows == 2
    assert not found.manifest.imported[0].notes or "is not there" not in " ".join(found.manifest.imported.notes)
    whole = ks.from_table(folder, tmp_path / "data", recipe="semeval2016")
    assert "testdata-taskB-all-annotations.txt is not there" in whole.manifest.imported[0].notes


def test_options_go_before_the_recipe(owned):
    found = owned("x-stance", source="language", dataset_title="Mine", ignore=["author"])
    assert {s.source_id for s in found.sources} == {"de", "fr", "it"}
    assert found.manifest.title == "Mine"


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(
        UnknownNameError, match="'semeval' is not a recipe; choose from basil, .*; did you mean semeval2016"
    ):
        ks.from_table(tmp_path, tmp_path / "data", recipe="semeval")
    with pytest.raises(KazstanceError, match=r"no such file or folder; expected your copy of Fake News Challenge"):
        ks.from_table(tmp_path / "nowhere", tmp_path / "data", recipe="fnc-1")
    with pytest.raises(KazstanceError, match=r"no file of P-Stance: .*; expected raw_train_all.csv, raw_val_all.csv"):
        ks.from_table(tmp_path, tmp_path / "data", recipe="p-stance")
    write("wt-wt", tmp_path / "copy")
    (tmp_path / "copy/texts.csv").unlink()
    with pytest.raises(KazstanceError, match=r"no file texts\.\*; expected one with the columns id and text"):
        ks.from_table(tmp_path / "copy", tmp_path / "data", recipe="wt-wt")
    assert not (tmp_path / "data").exists()


def test_files_in_another_layout_are_one_line(tmp_path):
    folder = write("tweeteval", tmp_path / "copy")
    (folder / "datasets/stance/toll/train_labels.txt").write_text("2\n")
    with pytest.raises(InputError, match=r"train_labels.txt: 1 lines, expected as many as in train_text.txt: 2"):
        ks.from_table(folder, tmp_path / "data", recipe="tweeteval")
    folder = write("seesaw", tmp_path / "copy2")
    (folder / "SEESAW/articles/TRIPLET_000_DOCUMENT_0.json").write_text('{"title": "x"}')
    with pytest.raises(KazstanceError, match=r"not in the layout of this dataset \(KeyError: 'text'\)"):
        ks.from_table(folder, tmp_path / "data", recipe="seesaw")
    (folder / "SEESAW/articles/TRIPLET_000_DOCUMENT_0.json").write_text("{")
    with pytest.raises(KazstanceError, match=r"TRIPLET_000_DOCUMENT_0.json: .*; expected a JSON file of the dataset"):
        ks.from_table(folder, tmp_path / "data", recipe="seesaw")
