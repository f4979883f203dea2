# SPDX-License-Identifier: MIT
# Completion of twinwalk for bash: verbs, options, targets, files.  It asks
# twinwalk itself, so it knows the options of the twinwalk that is installed.

_twinwalk()
{
    local command=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]}
    local before=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]}
    local words=("$verb")

    # bash takes ":" and "=" for the ends of words.
    if declare -F _get_comp_words_by_ref >/dev/null; then
        _get_comp_words_by_ref -n := -c word -p before
    fi
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ] || { [ "$verb" = help ] && [ "$COMP_CWORD" -eq 2 ]; }; then
        mapfile -t COMPREPLY < <(compgen -W "help version $(
            "$command" --help 2>/dev/null | sed -n 's/^  \([a-z]*\)  .*/\1/p'
        )" -- "$word")
        return
    fi
    if [ "$verb ${COMP_WORDS[2]}" = 'zoo bench' ]; then
        words+=(bench)
    fi
    case $before in
    -t | --target)
        mapfile -t COMPREPLY < <(compgen -W "$(
            "$command" targets --names 2>/dev/null
        )" -- "$word")
        ;;
    *)
        case $word in
        -*)
            mapfile -t COMPREPLY < <(compgen -W "$(
                "$command" "${words[@]}" --help-all 2>/dev/null |
                    sed -n 's/^  \(-[a-z], \)\{0,1\}\(--[a-z][a-z-]*\).*/\2/p'
            )" -- "$word")
            ;;
        *)
            mapfile -t COMPREPLY < <(
                [ "$verb $COMP_CWORD" != 'zoo 2' ] || compgen -W bench -- "$word"
                compgen -f -- "$word"
            )
            compopt -o filenames 2>/dev/null
            ;;
        esac
        ;;
    esac
    if declare -F __ltrim_colon_completions >/dev/null; then
        __ltrim_colon_completions "$word"
    fi
}

complete -F _twinwalk twinwalk
