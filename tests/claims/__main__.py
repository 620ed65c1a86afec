"""What the ledger of a lesson still lacks, as TOML to be filled in."""

import json
import sys

from tests.claims import cited, claims_of, notebook_of

for lesson in sys.argv[1:]:
    known = {claim.rfc for claim in claims_of(lesson)}
    for rfc, words in cited(notebook_of(lesson)).items():
        if rfc not in known:
            print(f"[[claim]]\nsays = {json.dumps(words, ensure_ascii=False)}\nrfc = {rfc!r}")
            print('cell = ""\nshows = ""\nnot_shown = ""\n')
