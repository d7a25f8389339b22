"""The manual pages, the README and `--help` name the same verbs, options and keys."""
import os
import re
import subprocess

import pytest
from harness.programs import BUILD, ROOT, run_program

ROLES = ["primary", "secondary"]
MANUAL = os.path.join(BUILD, "examples", "man")
OPTION = r"(?<![\w-])--[a-z][a-z-]*"


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def page(role):
    return read(MANUAL, f"twinzone-{role}.8.scd")


def help_text(role):
    return run_program(role, "--help").stdout


def verb_help(role, verb):
    done = run_program(role, verb, "--help")
    assert done.returncode == 0, done.stderr
    return done.stdout


def whole_help(role):
    """With what each verb says by itself, but for the examples."""
    texts = [help_text(role), *(verb_help(role, verb) for verb in sorted(help_verbs(role)))]
    return "".join(re.sub(r"^Examples\n(  .*\n)*", "", text, flags=re.M) for text in texts)


def readme_section():
    readme = read(ROOT, "README.md")
    return readme[readme.index("## Command line"):readme.index("## Configuration")]


def part(text, title):
    """A section of a manual page."""
    return re.search(rf"^# {title}\n(.*?)(?=^# |\Z)", text, re.M | re.S).group(1)


def help_verbs(role):
    """The first words of the help's list of verbs; "a | b" is several."""
    listed = re.search(r"^Verbs\n(.*?)\n\n", help_text(role), re.M | re.S).group(1)
    return set(re.findall(r"^  ([a-z]+)", listed, re.M))


def page_verbs(role):
    return set(re.findall(r"^\*([a-z]+)(?: new)?\*", part(page(role), "VERBS"), re.M))


def plain(text):
    """A scdoc text without its marks."""
    return re.sub(r"[*\\]", "", text)


def entry(text, verb):
    """What the page says about a verb, with its options."""
    return re.search(rf"^\*{verb}(?: new)?\*.*\n((?:\t.*\n|\n)*)", text, re.M).group(0)


def options(text):
    return set(re.findall(OPTION, text))


@pytest.mark.parametrize("role", ROLES)
def test_page_and_help_have_the_same_verbs(role):
    assert {"serve", "check", "status"} <= help_verbs(role)
    assert page_verbs(role) == help_verbs(role)


@pytest.mark.parametrize("role", ROLES)
def test_page_and_help_have_the_same_options(role):
    assert len(options(whole_help(role))) > 15
    assert options(plain(page(role))) == options(whole_help(role))


@pytest.mark.parametrize("role", ROLES)
def test_each_verb_has_the_same_options_and_other_words_in_both(role):
    verbs = part(page(role), "VERBS")
    for verb in help_verbs(role):
        told = verb_help(role, verb)
        listed = re.search(r"^Options\n((?:  .*\n)*)", told, re.M)
        own = set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", listed.group(1), re.M)) if listed else set()
        named = set(re.findall(r"^\t.*?(--[a-z-]+)\*(?: _\w+_)?$", entry(verbs, verb), re.M))
        assert named == own, verb
        also = re.search(r"^Also: (.*)$", told, re.M)
        also_named = re.search(r"^\tAlso: (.*)\.$", entry(verbs, verb), re.M)
        assert set(plain(also_named.group(1)).split(", ") if also_named else ()) == set(
            also.group(1).split() if also else ()), verb


def test_readme_and_help_have_the_same_options_and_verbs():
    section = readme_section()
    listed = set()
    for row in re.findall(r"^\| (`[a-z].*)$", section, re.M):
        cell = re.split(r"(?<!\\) \|", row)[0]
        listed |= set(re.findall(r"`([a-z]+)\b", cell))
    assert listed == set().union(*map(help_verbs, ROLES))
    assert options(section) == set().union(*(options(whole_help(role)) for role in ROLES))


def test_every_verb_and_option_is_run_by_a_test():
    """A word in quotes, or in a command line of an example: nothing is promised that never ran."""
    folders = [os.path.join(ROOT, "tests", "interop"), os.path.join(ROOT, "tests", "support", "harness"),
               os.path.join(ROOT, "examples")]
    texts = [read(path, name) for folder in folders for path, _, names in os.walk(folder)
             for name in names if name.endswith((".py", ".sh")) and name != "test_manual.py"]
    said = "\n".join(texts)
    for role in ROLES:
        for word in sorted(help_verbs(role) | options(whole_help(role))):
            assert re.search(rf"""["' `]{re.escape(word)}(?:["' =`\n]|$)""", said), f"{role}: {word}"


@pytest.mark.parametrize("role", ROLES)
def test_page_and_help_have_the_same_exit_codes(role):
    codes = set(re.findall(r"\*(\d+)\*", part(page(role), "EXIT STATUS")))
    told = help_text(role)[help_text(role).index("Exit codes:"):]
    assert codes == set(re.findall(r"(?:^|[ \n])(\d+) [a-z]", told))


def known_keys():
    """The keys of common/config/schema.h."""
    return set(re.findall(r'\{"([a-z-]+)"[,}]', read(ROOT, "common", "config", "schema.h")))


def test_the_page_of_the_configuration_has_every_key():
    keys = known_keys()
    assert {"listen", "max-versions", "allow-transfer", "zones-file"} <= keys
    text = page_of_keys()
    named = set(re.findall(r"\*([a-z][a-z-]*)\*(?!\()", text))
    assert named - {"check"} == keys


def page_of_keys():
    text = read(MANUAL, "twinzone.yaml.5.scd")
    return "".join(part(text, title) for title in
                   ["TOP LEVEL", "SETTINGS OF TEMPLATES AND ZONES", "LIMITS"])


def test_the_example_of_the_page_is_a_good_configuration(tmp_path, key):
    text = re.search(r"```\n(.*?)```", read(MANUAL, "twinzone.yaml.5.scd"), re.S).group(1)
    secret = tmp_path / "k1.key"
    secret.write_text(key.secret + "\n", encoding="ascii")
    secret.chmod(0o600)
    (tmp_path / "nsd" / "twinzone").mkdir(parents=True)
    text = (text.replace("/etc/twinzone/keys.d/k1.key", str(secret))
            .replace("/var/lib", str(tmp_path)).replace("/run/twinzone", str(tmp_path))
            .replace("192.0.2.2", "127.0.0.1@5301"))
    config = tmp_path / "secondary.yaml"
    config.write_text(text, encoding="utf-8")
    done = run_program("secondary", "check", "-c", config)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["twinzone-primary.8", "twinzone-secondary.8", "twinzone.yaml.5"])
def test_pages_are_clean_for_roff(tmp_path, name):
    made = subprocess.run(["scdoc"], input=read(MANUAL, f"{name}.scd"), capture_output=True,
                          text=True, check=False)
    assert (made.returncode, made.stderr) == (0, "")
    (tmp_path / name).write_text(made.stdout, encoding="utf-8")
    shown = subprocess.run(["man", "--warnings", "-l", str(tmp_path / name)], capture_output=True,
                           text=True, check=False, env={**os.environ, "MANROFFSEQ": "",
                                                        "LC_ALL": "C.UTF-8", "MANWIDTH": "80"})
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "NAME" in shown.stdout
