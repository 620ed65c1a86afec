"""Reception: who may connect, whose mail is taken, and where a content ends up.

`desk.py` asks the rules of `at_the_door.py`, `recipients.py` and `contents.py` in turn; what came
of it is a `DeliveryVerdict`, kept with the stored mail. `switches.py` says what a host asks for.
"""
