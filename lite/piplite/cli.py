"""What a line `%pip ...` becomes."""


async def get_transformed_code(arguments: list[str]) -> str:
    """The Python code that runs in its place."""
    return 'print("Nothing can be installed in this page; all of the course is there already.")'
