"""Texts with names in them, and what is left of them when the name is taken out."""

TEXTS = [
    ("Al paid. Also Al-Anon, (Al), Al's and Al", "Al", "{0} paid. Also {0}-Anon, ({0}), {0}'s and {0}"),
    ("Ann Fann Anna Ann_1 Ann2", "Ann", "{0} Fann Anna Ann_1 Ann2"),
    ("Éa Aé A\u0301 “A” —A… A", "A", "Éa Aé A\u0301 “{0}” —{0}… {0}"),
    ("Ольга и Ольгана", "Ольга", "{0} и Ольгана"),
    ("王伟已付款", "王伟", "{0}已付款"),
    ("민수가 냈다", "민수", "{0}가 냈다"),
    ("Dr. X. (jr.)y paid, Dr. X. (jr.)", "Dr. X. (jr.)", "{0}y paid, {0}"),
    (r"a.b axb a\b [a] ^$", "a.b", r"{0} axb a\b [a] ^$"),
    (r"a\b{{1}} *** [a-z]+", r"a\b{1}", r"{0} *** [a-z]+"),
    ("*** paid [x]", "***", "{0} paid [x]"),
    ("nobody paid", "", "nobody paid"),
]
TEXTS = [
    (text.replace("{{", "{").replace("}}", "}"), name, left.replace("{0}", "a former member"))
    for text, name, left in TEXTS
]
