//! Keeps the pages for operators in step with the table.
//!
//! After a change of the table run `UPDATE_DOCS=1 cargo test config::tests` and commit what it wrote.

use std::fmt::Write as _;
use std::path::Path;

use super::keys::{Fallback, OTHER_VARIABLES, keys, shell_word};
use super::{Inputs, Loaded, Setting, load};

const PAGE: &str = "docs/backend/configuration.md";
const EXAMPLE: &str = ".env.example";

fn read(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap_or_default()
}

/// Compares a file with what it should be, or writes it where that is asked for.
fn in_step(file: &str, should_be: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(file), should_be).unwrap();
    }
    assert!(read(file) == should_be, "{file} has drifted: run `UPDATE_DOCS=1 cargo test config::tests`");
}

/// The page with the text between `<!-- NAME:begin -->` and `<!-- NAME:end -->` replaced.
fn with_block(page: &str, name: &str, block: &str) -> String {
    let (begin, end) = (format!("<!-- {name}:begin -->\n"), format!("<!-- {name}:end -->"));
    let (before, rest) = page.split_once(&begin).unwrap();
    let (_, after) = rest.split_once(&end).unwrap();
    format!("{before}{begin}{block}{end}{after}")
}

fn key_table() -> String {
    let mut text = "| key | variable | flag | default | allowed | what it does |\n".to_owned();
    text.push_str("| --- | --- | --- | --- | --- | --- |\n");
    for key in keys() {
        let code = |text: &str| format!("`{text}`");
        let env = code(&key.env());
        let env = key.secret_file().map_or(env.clone(), |(_, file)| format!("{env}, `{file}`"));
        let flag = key.flag.map(|flag| code(&format!("--{flag}"))).unwrap_or_default();
        let (name, default, allowed, help) = (key.name, key.default_text(), key.allowed(), key.help);
        writeln!(text, "| `{name}` | {env} | {flag} | `{default}` | {allowed} | {help} |").unwrap();
    }
    text
}

fn variable_table() -> String {
    let rows = OTHER_VARIABLES.iter().map(|(name, help)| format!("| `{name}` | {help} |\n"));
    format!("| variable | what it does |\n| --- | --- |\n{}", rows.collect::<String>())
}

fn old_name_table() -> String {
    let rows = keys().filter_map(|key| Some(format!("| `{}` | `{}` |\n", key.old_env?, key.env())));
    format!("| old name | variable |\n| --- | --- |\n{}", rows.collect::<String>())
}

fn problems_as_printed() -> String {
    let env = [("SWITCHBACK_SOAK_WINDOW", "30"), ("SWITCHBACK_COLORS_BLUE_INSTANCES", "http://deploy:hunter2@:99999")];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let flags = vec![("checks.error-rate.threshold".to_owned(), "5".to_owned())];
    let file = "[soak]\nwarmpu = \"30s\"\n\n[router]\nkind = \"command\"\n";
    let file = Some(("switchback.toml".into(), file.to_owned()));
    let problems = load(Inputs { flags, env, file, folder: "/srv".into(), ..Inputs::default() }).unwrap_err();
    format!("```text\n{problems}\n```\n")
}

fn env_example() -> String {
    let mut text = "\
# Copy to .env beside the configuration and remove the # in front of what you set. Real variables and flags win over it.
# Every variable is shown with its default. Where that is nothing, or follows from others, it is empty, which counts as unset, and an
# example stands above it.
"
    .to_owned();
    for (name, help) in OTHER_VARIABLES {
        write!(text, "\n# {help}\n# example: {name}=switchback.toml\n#{name}=\n").unwrap();
    }
    for key in keys() {
        let env = key.env();
        write!(text, "\n# {}\n# allowed: {} | default: {}\n", key.help, key.allowed(), key.default_text()).unwrap();
        if let Some((_, file)) = key.secret_file() {
            writeln!(text, "# better: {file}={}", key.secret_file_example()).unwrap();
        }
        match key.default {
            Fallback::Text(default) => writeln!(text, "#{env}={}", shell_word(default)).unwrap(),
            Fallback::Derived { .. } | Fallback::Unset => {
                writeln!(text, "# example: {env}={}\n#{env}=", shell_word(key.example)).unwrap();
            }
        }
    }
    text
}

#[test]
fn the_page_for_operators_is_in_step_with_the_table() {
    let page = with_block(&read(PAGE), "keys", &key_table());
    let page = with_block(&page, "variables", &variable_table());
    let page = with_block(&page, "old-names", &old_name_table());
    in_step(PAGE, &with_block(&page, "problems", &problems_as_printed()));
}

#[test]
fn the_example_of_dotenv_is_in_step_with_the_table() {
    in_step(EXAMPLE, &env_example());
}

/// What everybody can read lets nobody in, and is refused: the examples of such secrets replaced.
pub fn with_real_secrets(text: &str) -> String {
    let real = [
        ("control.operator_token", "0f5b2c9d8e7a61430f5b2c9d8e7a6143"),
        ("control.viewer_token", "d41d8cd98f00b204e9800998ecf8427e"),
        ("control.order_secret", "whsec_a2FuYXJpZW52b2dlbC1rYW5hcmllbnZvZ2Vs"),
    ];
    real.iter().fold(text.to_owned(), |text, (name, secret)| {
        let key = keys().find(|key| key.name == *name).unwrap();
        text.replace(key.example, secret)
    })
}

/// The example with the `#` in front of every variable removed; the empty ones left out.
fn uncommented() -> String {
    let set = env_example().replace("# example: ", "#");
    let set = set.lines().filter_map(|line| line.strip_prefix('#')).filter(|line| !line.starts_with(' '));
    let set = set.filter(|line| line.split_once('=').is_some_and(|(_, value)| !value.is_empty()));
    set.fold(String::new(), |text, line| text + line + "\n")
}

#[test]
fn the_example_of_dotenv_shows_nothing_but_defaults() {
    let example = env_example();
    let variables = example.lines().filter_map(|line| line.strip_prefix('#')).filter(|line| !line.starts_with(' '));
    let dotenv = variables.fold(String::new(), |text, line| text + line + "\n");
    let load = |dotenv: &str| load(Inputs { dotenv: Some(dotenv.into()), folder: "/srv".into(), ..Inputs::default() });
    let (shown, without) = (load(&dotenv).unwrap(), load("").unwrap());
    // A quantile that is the default is given without the threshold that it is for.
    assert!(shown.warnings.iter().all(|warning| warning.contains("has no effect")), "{:?}", shown.warnings);
    let values = |loaded: &Loaded| loaded.settings.iter().map(|setting| setting.value.clone()).collect::<Vec<_>>();
    assert_eq!(values(&shown), values(&without));
    let of = |setting: &&Setting| setting.origin.to_string().starts_with(".env:");
    assert!(shown.settings.iter().filter(of).count() > 20, "the variables were not read");
}

#[test]
fn the_example_of_dotenv_is_valid_with_every_variable_uncommented() {
    let dotenv = uncommented();
    let dotenv = Some(with_real_secrets(&dotenv).as_str().into());
    let loaded = load(Inputs { dotenv, folder: "/srv".into(), ..Inputs::default() }).unwrap();
    // Of alternatives all are given, and with them what nobody would do with a token.
    let alternatives = [
        "not used with router.kind",
        ".selector (",
        "bearer_token is given",
        "probe_header is given",
        "set coordination.kind = etcd",
    ];
    let in_the_open = ["crosses the network unencrypted", "is sent to every host in"];
    let expected = |warning: &String| alternatives.iter().chain(&in_the_open).any(|part| warning.contains(part));
    assert!(loaded.warnings.iter().all(expected), "{:?}", loaded.warnings);
    let given = loaded.settings.iter().filter(|setting| setting.origin.to_string().starts_with(".env:")).count();
    assert_eq!(given, keys().count());
}
