"""The documentation as a site: the course, the sheets and the API, for reading."""
