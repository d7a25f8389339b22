// The scripts: each hands the words to the program and shows what it answers.
#include <array>

#include <fmt/format.h>

#include "common/config/suggestion.h"
#include "common/setup/completion.h"
#include "common/setup/fill.h"

namespace twinzone::setup {

namespace {

// Bash splits words at '@' and ':', which stand in addresses: the line is split anew, at spaces.
constexpr std::string_view kBash =
    R"(# bash completion of @PROGRAM@: source it, or put it where bash-completion looks:
#   @PROGRAM@ completion bash > /usr/share/bash-completion/completions/@PROGRAM@
@FUNCTION@() {
    local line=${COMP_LINE:0:COMP_POINT} current=${COMP_WORDS[COMP_CWORD]} word
    local -a words
    read -ra words <<< "$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    COMPREPLY=()
    while IFS=$'\t' read -r word _; do
        if [[ $word == :files ]]; then
            compopt -o filenames 2> /dev/null
            while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$current")
        else
            COMPREPLY+=("$word")
        fi
    done < <("${words[0]}" @COMPLETE@ "${words[@]:1}" 2> /dev/null)
}
complete -F @FUNCTION@ @PROGRAM@
)";

constexpr std::string_view kZsh = R"(#compdef @PROGRAM@
# zsh completion of @PROGRAM@: source it, or put it into a folder of $fpath as _@PROGRAM@
@FUNCTION@() {
    local line
    local -a described
    for line in "${(@f)$("${words[1]}" @COMPLETE@ "${(@)words[2,CURRENT]}" 2> /dev/null)}"; do
        if [[ $line == :files ]]; then
            _files
        elif [[ -n $line ]]; then
            described+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
        fi
    done
    (( ${#described} )) && _describe '@PROGRAM@' described
}
if [[ ${funcstack[1]} == _@PROGRAM@ || ${funcstack[1]} == @FUNCTION@ ]]; then
    @FUNCTION@ "$@"
else
    compdef @FUNCTION@ @PROGRAM@
fi
)";

constexpr std::string_view kFish = R"(# fish completion of @PROGRAM@: source it, or
#   @PROGRAM@ completion fish > ~/.config/fish/completions/@PROGRAM@.fish
function @FUNCTION@
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    test (count $current) -eq 0; and set current ''
    $before[1] @COMPLETE@ $before[2..-1] $current 2> /dev/null
end
function @FUNCTION@_files
    contains -- :files (@FUNCTION@)
end
complete -c @PROGRAM@ -f -a '(@FUNCTION@ | string match -v -- :files)'
complete -c @PROGRAM@ -F -n @FUNCTION@_files
)";

}  // namespace

Result<std::string> completion_script(std::string_view shell, config::Role role) {
    constexpr std::array<std::string_view, 3> kShells = {"bash", "zsh", "fish"};
    const std::string_view text = shell == "bash"   ? kBash
                                  : shell == "zsh"  ? kZsh
                                  : shell == "fish" ? kFish
                                                    : std::string_view{};
    if (text.empty()) {
        return fail(Errc::usage, fmt::format("completion is for bash, zsh or fish, not '{}'{}",
                                             shell, config::did_you_mean(shell, kShells)));
    }
    return fill(text, {{"PROGRAM", std::string{config::program_name(role)}},
                       {"FUNCTION", role == config::Role::primary ? "_twinzone_primary"
                                                                  : "_twinzone_secondary"},
                       {"COMPLETE", std::string{kCompleteWord}}});
}

}  // namespace twinzone::setup
