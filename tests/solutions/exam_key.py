"""`python -m tests.solutions.exam_key`: the right letters of the exam, for marking on paper."""

from smtplab.lessons.lesson15 import PARTS


def key(part: int) -> str:
    """The right letters of a part, in order."""
    return "".join(
        next(letter for letter, option in question.options.items() if option.right)
        for question in PARTS[part - 1]
    )


def main() -> None:
    for part in range(1, len(PARTS) + 1):
        print(f"Part {part}: {key(part)}")


if __name__ == "__main__":
    main()
