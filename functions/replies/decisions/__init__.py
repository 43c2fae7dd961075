"""Decides what a reply asks for, by its wording and the expressions of each language.

These modules use the following words:

- core: the words of a request or an answer, such as “pause the lessons until Monday”
- frame: words before a core, such as “could you”. The section `[frames]` of a language file also has courtesies, and
  lists of words by which a sentence is judged, such as `other` (other people) and `speech` (somebody said it).
- section: the section of a language file that a core comes from. Most are named after the command: `[pause]`.
- level: the list in this section that a core comes from. It says how clearly the words are a request.
- value: the day, span or hour in a core, such as “until Monday”
- piece: a part of a sentence, between commas and before conjunctions
"""
