"""Sees to it that tests/conformance.md has every requirement, and that each test it names exists and
carries the requirement's number. Run by CTest; `--tag` writes the numbers that lack."""
import os
import re
import sys

TESTS = os.path.dirname(os.path.abspath(__file__))
INDEX = os.path.join(TESTS, "conformance.md")
REQUIREMENTS = 65
ROW = re.compile(r"^\| R(\d+) \| (.+?) \| (.+) \|$")
NAMED = re.compile(r"^`([^`:]+)(?:::(\w+))?`(?: \"(.+)\")?$")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def find_catch(text, sentence):
    """The tags of a TEST_CASE, and where they stand; None where there is no such test."""
    case = re.search(rf'TEST_CASE\(\s*"{re.escape(sentence)}",\s*"((?:\[[^\]]*\])+)"', text)
    return case and (case[1], case.end() - 1)


def find_pytest(text, name):
    """The comment of numbers above a test, and where it would stand; None where there is no test."""
    test = re.search(rf"(?:^# Conformance: (.*)\n)?(?:^@.*\n(?:^ .*\n)*)*^def {name}\(", text, re.M)
    return test and (test[1] or "", test.start())


def number_in(name, number):
    return re.search(rf"(?:^|_)r{number:02}(?:_|$)", name) is not None


def problem_of(number, path, name, sentence, tag):
    file = os.path.join(TESTS, path)
    if not os.path.exists(file):
        return "no such file"
    text = read(file)
    if sentence:
        found, mark = find_catch(text, sentence), f"[R{number}]"
        if found and mark not in found[0] and not sentence.startswith(f"R{number}:"):
            if not tag:
                return f"its tags lack {mark}"
            write(file, text[:found[1]] + mark + text[found[1]:])
    elif name.startswith("test_"):
        found, mark = find_pytest(text, name), f"R{number}"
        if found and not number_in(name, number) and mark not in found[0].split(", "):
            if not tag:
                return f"its comment lacks {mark}"
            old = f"# Conformance: {found[0]}\n" if found[0] else ""
            numbers = sorted([*filter(None, found[0].split(", ")), mark], key=lambda r: int(r[1:]))
            write(file, text[:found[1]] + f"# Conformance: {', '.join(numbers)}\n"
                  + text[found[1] + len(old):])
    else:
        found = number_in(name, number) and re.search(rf'"{name}', text)
    return None if found else "no such test"


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def check(tag=False):
    rows, problems = {}, []
    for line in read(INDEX).splitlines():
        row = ROW.match(line)
        if not row:
            continue
        number = int(row[1])
        if number in rows:
            problems.append(f"R{number} stands twice")
        rows[number] = row[3]
        if row[3].startswith("missing: "):
            continue
        for item in row[3].split("; "):
            named = NAMED.match(item)
            problem = problem_of(number, *named.groups(), tag) if named and (
                named[2] or named[3]) else "not understood"
            if problem:
                problems.append(f"R{number}: {item}: {problem}")
    problems += [f"R{n} is not in the index" for n in range(1, REQUIREMENTS + 1) if n not in rows]
    return rows, problems


def main():
    rows, problems = check(tag="--tag" in sys.argv[1:])
    for problem in problems:
        print(problem)
    missing = [f"R{n}" for n, row in sorted(rows.items()) if row.startswith("missing: ")]
    print(f"{len(rows)} requirements, {len(missing)} without a test: {', '.join(missing) or 'none'}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
