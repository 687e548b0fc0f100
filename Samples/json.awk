# Prints every number, string and literal of a JSON document as PATH<TAB>VALUE, so that a shell can pick one:
#   {"outputs": [{"top1": 0.99}]}   gives   outputs.0.top1<TAB>0.99
{ text = text $0 "\n" }
END { at = 1; value("") }

function skip() { while (substr(text, at, 1) ~ /[ \t\r\n]/) at++ }

function more() {
  skip()
  return at <= length(text) && substr(text, at, 1) !~ /[]}]/
}

function string(   start, c) {
  start = ++at
  while ((c = substr(text, at, 1)) != "\"" && c != "") at += (c == "\\") ? 2 : 1
  return substr(text, start, at++ - start)
}

function value(path,   c, key, count, start) {
  skip()
  c = substr(text, at, 1)
  if (c == "{" || c == "[") {
    at++
    for (count = 0; more(); count++) {
      key = count
      if (c == "{") { key = string(); skip(); at++ }
      value(path == "" ? key : path "." key)
      skip()
      if (substr(text, at, 1) == ",") at++
    }
    at++
  } else if (c == "\"") {
    print path "\t" string()
  } else {
    start = at
    while (substr(text, at, 1) ~ /[-+.0-9A-Za-z]/) at++
    if (at == start) { print "json.awk: not JSON at character " at > "/dev/stderr"; exit 65 }
    print path "\t" substr(text, start, at - start)
  }
}
