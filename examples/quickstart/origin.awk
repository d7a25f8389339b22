# Prints the owner of a zone file's first SOA record, absolute and with its final dot; nothing if
# the file does not say it (an owner relative to an origin that the file does not set).

function absolute(name) {
    if (name == "@") return origin
    if (name ~ /\.$/) return name
    if (origin == "") return ""
    return origin == "." ? name "." : name "." origin
}

{
    sub(/\r$/, "")
    starts_blank = /^[ \t]/
    gsub(/"[^"]*"/, "\"\"")
    sub(/;.*/, "")
    gsub(/[()]/, " ")
}

toupper($1) == "$ORIGIN" { origin = absolute($2); next }
/^\$/ || NF == 0 { next }

{
    if (!starts_blank) owner = absolute($1)
    for (i = starts_blank ? 1 : 2; i <= NF && i <= 4; ++i) {
        if (toupper($i) == "SOA") { print owner; exit }
    }
}
