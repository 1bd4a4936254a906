"""A scenario whose texts are markup, from the one that fits on a page: python hostile.py FROM TO."""

import sys

MARKUP = "</script><script>window.hit=1</script><img src=x onerror=window.hit=1><b>b</b>&amp;%{x}$x$"

text = open(sys.argv[1], encoding="utf-8").read()
text = text.replace('title = "', f'title = "{MARKUP} ', 1)
text = text.replace('issuer = "alpha"', f'issuer = "alpha"\ntitle = "{MARKUP}"\nsource = "{MARKUP}"')
text = text.replace('source = "invented"', f'source = "{MARKUP}", note = "<!-- {MARKUP}"')
with open(sys.argv[2], "w", encoding="utf-8") as out:
    out.write(text)
