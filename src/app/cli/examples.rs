//! Examples of each command, and the meaning of the exit codes, for the help and the manual pages.

pub const EXIT_CODES: [(u8, &str); 16] = [
    (0, "retained or done"),
    (1, "internal error"),
    (2, "bad usage or configuration"),
    (3, "rolled back automatically"),
    (4, "rolled back by the operator"),
    (5, "aborted"),
    (6, "inconclusive"),
    (7, "ROLLBACK FAILED"),
    (8, "superseded"),
    (9, "target not ready"),
    (10, "another monitor is running"),
    (11, "held"),
    (12, "switch failed"),
    (13, "no monitor or order refused"),
    (14, "journal damaged"),
    (143, "asked to stop, resumable"),
];

/// A command line, and what it does.
type Example = (&'static str, &'static str);

const TOP: &[Example] = &[
    ("switchback demo", "try everything, nothing to install"),
    ("switchback switch green --window 10m", "move traffic to green and watch it for ten minutes"),
    ("switchback status", "where traffic is, and the last soak"),
    ("switchback rollback", "back to the previous color, now"),
];

const SWITCH: &[Example] = &[
    ("switchback switch green", "wait for green, move traffic, watch on this terminal"),
    ("switchback switch green --detach", "watch in the background"),
    ("switchback switch green --no-tui --output github", "in a CI job"),
    ("switchback switch green --window 30m --threshold 1%", "watch longer and more strictly"),
];

const COMMANDS: &[(&str, &[Example])] = &[
    ("", TOP),
    (
        "init",
        &[
            ("switchback init", "look around, ask, write switchback.toml, check it"),
            ("switchback init --yes", "without questions"),
            ("switchback init --print", "show it, write nothing"),
        ],
    ),
    ("demo", &[("switchback demo --scenario breach --speed 5", "a bad release, five times faster")]),
    ("switch", SWITCH),
    ("switch-green", &[("switchback switch-green --detach", "as `switch green --detach`")]),
    ("switch-blue", &[("switchback switch-blue --detach", "as `switch blue --detach`")]),
    (
        "soak",
        &[
            ("switchback soak", "watch what is active"),
            ("switchback soak --resume --no-tui --supervised", "as a service, after a restart"),
        ],
    ),
    (
        "agent",
        &[
            ("switchback agent /srv/switchback", "watch every service that has a file there"),
            ("switchback agent /srv/switchback --output json", "a JSON line for each soak that begins or ends"),
        ],
    ),
    (
        "attach",
        &[
            ("switchback attach", "the terminal UI on the soak that is running"),
            ("switchback attach --read-only --no-tui", "print lines, give no orders"),
        ],
    ),
    (
        "fleet",
        &[
            ("switchback fleet https://deploy-1:9710 https://deploy-2:9710", "the soaks of two hosts"),
            ("switchback fleet --once", "print the table of the hosts in fleet.toml"),
            ("switchback fleet --no-tui --output json", "follow all of them from a script"),
        ],
    ),
    (
        "ctl",
        &[
            ("switchback ctl extend 5m --reason 'little traffic'", "watch five minutes longer"),
            ("switchback ctl rollback --reason 'carts are empty'", "roll back with no breach"),
            ("switchback ctl abort", "end the soak, leave traffic where it is"),
        ],
    ),
    (
        "rollback",
        &[
            ("switchback rollback --reason 'checkout is slow'", "back to the previous color"),
            ("switchback rollback --dry-run", "print what would happen"),
            ("switchback rollback --keep-trying", "until it works"),
        ],
    ),
    ("doctor", &[("switchback doctor", "before the first switch, and after every change")]),
    ("freeze", &[("switchback freeze --for 2h --reason migration", "no automatic rollback for two hours")]),
    ("unfreeze", &[("switchback unfreeze", "automatic rollback again")]),
    (
        "status",
        &[
            ("switchback status --watch", "for a wall display"),
            ("switchback status --json", "for scripts"),
            ("switchback status --inactive", "the color that a deploy goes to"),
        ],
    ),
    (
        "history",
        &[
            ("switchback history --limit 10", "the last ten decisions"),
            ("switchback history soaks", "the soaks that `replay` can play"),
            ("switchback history prune --dry-run", "which recordings are too old"),
        ],
    ),
    (
        "replay",
        &[
            ("switchback replay", "the last soak"),
            ("switchback replay 20261123T140211Z-3f2a --speed 10", "another one, ten times faster"),
            ("switchback replay --svg soak.svg", "an animated picture of it, for a post-mortem"),
        ],
    ),
    (
        "backtest",
        &[
            ("switchback backtest .switchback/default/soaks/*.jsonl", "every recorded soak"),
            ("switchback backtest *.jsonl --sweep threshold=1%,2%,5%", "several thresholds"),
        ],
    ),
    ("history prune", &[("switchback history prune --dry-run", "which recordings would be removed")]),
    ("history soaks", &[("switchback history soaks", "their IDs, a line each")]),
    ("verify", &[("switchback verify", "check that the decision journal is unchanged")]),
    (
        "config",
        &[
            ("switchback config template", "every key with its default, for a new switchback.toml"),
            ("switchback config check", "every problem at once"),
            ("switchback config show", "the effective values, and where each comes from"),
        ],
    ),
    ("config show", &[("switchback config show --json", "for scripts")]),
    ("config check", &[("switchback config check --window 30m", "check that value as well")]),
    ("config template", &[("switchback config template", "save it as switchback.toml to start from")]),
    ("version", &[("switchback version", "which version is installed")]),
    ("completions", &[("switchback completions bash", "into a file such as /etc/bash_completion.d/switchback")]),
    (
        "man",
        &[
            ("switchback man switch", "the page of one command, in roff: pipe it into `man -l -`"),
            ("switchback man --all /usr/local/share/man/man1", "every page, into a folder"),
        ],
    ),
];

/// The examples of a command, or of the whole program if `command` is empty.
pub fn examples(command: &str) -> &'static [Example] {
    COMMANDS.iter().find(|(name, _)| *name == command).map_or(&[], |(_, examples)| examples)
}

pub fn exit_codes() -> String {
    // An internal error is nothing that a script could react to.
    let codes = EXIT_CODES.iter().filter(|(code, _)| *code != 1).map(|(code, meaning)| format!("{code} {meaning}"));
    format!("Exit codes: {}.", codes.collect::<Vec<_>>().join(", "))
}

pub fn example_lines(command: &str) -> String {
    let examples = examples(command);
    let width = examples.iter().map(|(line, _)| line.chars().count()).max().unwrap_or(0);
    examples.iter().map(|(line, does)| ["  ", &format!("{line:width$}"), "  ", does, "\n"].concat()).collect()
}
