//! Secrets come from three places and appear in none.

use std::fs;

use secrecy::ExposeSecret as _;

use super::*;

fn token(inputs: Inputs) -> String {
    load(inputs).unwrap().config.metrics.bearer_token.unwrap().expose_secret().to_owned()
}

#[test]
fn credentials_of_an_instance_never_appear() {
    for url in ["http://user:hunter2@:99999", "http://user:hun,hunter2@a:b", "user:hunter2@a"] {
        let text = load(env(&[("SWITCHBACK_COLORS_GREEN_INSTANCES", url)])).unwrap_err().to_string();
        assert!(!text.contains("hunter2") && !text.contains("hun,"), "{text}");
        let text = format!("metrics.path = \"{url}\"\ncolors.green.instances = [\"{url}\"]");
        assert!(!load(file(&text)).unwrap_err().to_string().contains("hunter2"));
    }
}

#[test]
fn a_secret_stands_in_a_variable_a_file_of_its_own_or_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("token"), "s3cret\r\n").unwrap();
    let here = |inputs| Inputs { folder: folder.path().to_owned(), ..inputs };
    assert_eq!(token(env(&[("SWITCHBACK_METRICS_BEARER_TOKEN", "s3cret")])), "s3cret");
    assert_eq!(token(here(env(&[("SWITCHBACK_METRICS_BEARER_TOKEN_FILE", "token")]))), "s3cret");
    assert_eq!(token(here(file("metrics.bearer_token_file = \"token\""))), "s3cret");
    assert_eq!(token(file("metrics.bearer_token = \"s3cret\"")), "s3cret");
}

#[test]
fn a_stronger_layer_may_replace_a_secret_by_a_file_but_one_layer_cannot_have_both() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("token"), "from-file").unwrap();
    let inputs = Inputs {
        env: owned(&[("SWITCHBACK_METRICS_BEARER_TOKEN_FILE", "token")]),
        folder: folder.path().to_owned(),
        ..file("metrics.bearer_token = \"hunter2\"")
    };
    assert_eq!(token(inputs), "from-file");
    let both = [("SWITCHBACK_METRICS_BEARER_TOKEN", "hunter2"), ("SWITCHBACK_METRICS_BEARER_TOKEN_FILE", "/hunter2")];
    let found = problems(env(&both));
    assert!(
        found[0].starts_with(
            "metrics.bearer_token: also given by environment SWITCHBACK_METRICS_BEARER_TOKEN_FILE: remove one of the two\n    \
             from     environment SWITCHBACK_METRICS_BEARER_TOKEN\n    given    ***\n"
        ),
        "{found:?}"
    );
    assert!(!found[0].contains("hunter2"));
}

#[test]
fn a_secret_is_never_repeated_in_a_problem() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("two-words"), "hunter2 hunter2").unwrap();
    let path = folder.path().join("two-words").display().to_string();
    for inputs in [
        env(&[("SWITCHBACK_METRICS_BEARER_TOKEN", "hunter2 hunter2")]),
        env(&[("SWITCHBACK_METRICS_BEARER_TOKEN_FILE", &path)]),
        env(&[("SWITCHBACK_METRICS_BEARER_TOKEN_FILE", "hunter2")]),
        file("metrics.bearer_token = [\"hunter2\"]"),
        file("metrics.bearer_token_file = [\"hunter2\"]"),
        file("metrics.bearer_tokn = \"hunter2\""),
        Inputs { flags: owned(&[("metrics.bearer_token", "hunter2")]), ..env(&[]) },
        Inputs { dotenv: Some("SWITCHBACK_METRICS_BEARER_TOKEN='hunter2\n".into()), ..env(&[]) },
    ] {
        let problems = load(inputs).unwrap_err();
        assert!(!format!("{problems}{problems:?}").contains("hunter2"), "{problems}");
    }
}

#[test]
fn a_secret_file_that_cannot_be_read_is_named() {
    assert_eq!(
        problems(env(&[("SWITCHBACK_METRICS_BEARER_TOKEN_FILE", "/nowhere/token")])),
        [
            "metrics.bearer_token_file: the file with the secret cannot be read: No such file or directory (os error 2)\n    \
          from     environment SWITCHBACK_METRICS_BEARER_TOKEN_FILE\n    given    /nowhere/token\n    allowed  path of a \
          readable file with nothing but the secret in it\n    example  \
          SWITCHBACK_METRICS_BEARER_TOKEN_FILE=/run/secrets/metrics-bearer-token"
        ]
    );
    let found = problems(file("metrics.bearer_token_file = \"/nowhere/token\""));
    assert!(
        found[0].ends_with("example  metrics.bearer_token_file = \"/run/secrets/metrics-bearer-token\""),
        "{found:?}"
    );
}

#[test]
fn a_secret_with_a_mistake_in_its_quotes_is_not_repeated() {
    for value in
        ["hunter2", "\"hunter2", "'hunter2", "hunter2\"", "\"\\hunter2\"", "12hunter2", "[hunter2", "\"a\" hunter2"]
    {
        let problems = load(file(&format!("metrics.bearer_token = {value}\n"))).unwrap_err();
        assert!(problems.to_string().contains("switchback.toml:1"), "{problems}");
        assert!(!format!("{problems}{problems:?}").contains("hunter2"), "{problems}");
    }
}
