use super::*;

struct Project(tempfile::TempDir);

impl Project {
    /// A package with the scripts of a `deploy.js` that knows one color only, and another one below it.
    fn new() -> Self {
        let tmp = tempfile::tempdir().unwrap();
        let root = tmp.path();
        fs::create_dir_all(root.join("api/node_modules/.bin")).unwrap();
        fs::create_dir_all(root.join("folder/below")).unwrap();
        fs::write(root.join("api/node_modules/.bin/move"), "").unwrap();
        fs::write(
            root.join("package.json"),
            r#"{"scripts":{"test":"x","deploy:status":"x","deploy:switch-green":"x"}}"#,
        )
        .unwrap();
        fs::write(root.join("api/package.json"), r#"{"scripts":{"deploy:switch-blue":"x"}}"#).unwrap();
        Self(tmp)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// What there is of a command's script: `ok`, `-` where it runs none, or what is wrong, with the folder cut off.
    fn told(&self, words: &[&str], folder: &str) -> String {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        match script_of(&words, &self.path(folder)) {
            None => "-".to_owned(),
            Some(Script::Found { package, .. }) => format!("ok {}", self.short(&package.display().to_string())),
            Some(Script::Missing(missing)) => self.short(&missing.to_string()),
        }
    }

    fn short(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.0.path().display()), "")
    }
}

#[test]
fn every_way_to_call_a_script_is_looked_up() {
    let project = Project::new();
    let missing = "`package.json` has no script `deploy:switch-blue`; it has `deploy:status`, `deploy:switch-green`";
    for (command, folder, told) in [
        ("npm run deploy:switch-green", "", "ok package.json"),
        ("npm run deploy:switch-blue", "", missing),
        ("npm run --silent deploy:switch-blue", "", missing),
        ("npm --silent run deploy:switch-blue -- --force", "", missing),
        ("npm run-script -s deploy:switch-blue", "", missing),
        ("/usr/bin/npm --loglevel error run deploy:switch-blue", "", missing),
        ("npm run deploy:switch-blue", "folder/below", missing),
        (
            "npm --prefix .. run deploy:switch-blue",
            "folder",
            missing.replace("`package.json`", "`folder/../package.json`").as_str(),
        ),
        ("npm --prefix api run deploy:switch-blue", "", "ok api/package.json"),
        ("npm run deploy:switch-blue --prefix=api", "", "ok api/package.json"),
        ("npm run deploy:switch-blue -- --prefix=api", "", missing),
        ("yarn run deploy:switch-blue --cwd api", "", missing),
        (
            "npm -C api run deploy:switch-green",
            "",
            "`api/package.json` has no script `deploy:switch-green`; it has `deploy:switch-blue`",
        ),
        (
            "npm --prefix folder run deploy:switch-green",
            "",
            "no package.json with a script `deploy:switch-green` in `folder`",
        ),
        ("pnpm run deploy:switch-blue", "", missing),
        ("pnpm --dir api deploy:switch-blue", "", "ok api/package.json"),
        ("yarn deploy:switch-blue", "", missing),
        ("yarn run --silent deploy:switch-blue", "", missing),
        ("yarn --cwd api run move", "", "ok api/package.json"),
        ("bun run deploy:switch-blue", "", missing),
        ("sudo -u app npm run deploy:switch-blue", "", missing),
        ("env NODE_ENV=production npm run deploy:switch-blue", "", missing),
        (
            "npm run --if-present deploy:switch-blue",
            "",
            format!("{missing}, and `--if-present` makes that a success").as_str(),
        ),
    ] {
        let words: Vec<&str> = command.split(' ').collect();
        assert_eq!(project.told(&words, folder), told, "{command}");
    }
}

#[test]
fn a_shells_command_line_is_looked_into() {
    let project = Project::new();
    let shell = |text: &str| project.told(&["sh", "-c", text], "");
    assert_eq!(shell("cd api && npm run deploy:switch-blue"), "ok api/package.json");
    assert!(shell("set -e; npm run -s deploy:switch-blue >&2").starts_with("`package.json` has no script"));
    assert!(
        shell("npm run deploy:status | grep blue; (cd 'api'; npm run deploy:status)")
            .starts_with("`api/package.json` has")
    );
    for unknown in ["npm run deploy:switch-$SWITCHBACK_COLOR", "./traffic.sh blue", "cd $HOME && npm run x", ""] {
        assert_eq!(shell(unknown), "-", "{unknown}");
    }
    assert!(
        project.told(&["bash", "-euc", "npm run deploy:switch-blue"], "").starts_with("`package.json` has no script")
    );
    assert_eq!(project.told(&["sh", "traffic.sh"], ""), "-");
}

#[test]
fn what_cannot_be_known_is_not_guessed() {
    let project = Project::new();
    for command in [
        "docker exec app npm run deploy:switch-blue",
        "ssh host npm run deploy:switch-blue",
        "npm run deploy:switch-blue -w api2",
        "npm -w api run deploy:switch-green",
        "pnpm --filter api run x",
        "npm test",
        "npm start",
        "yarn install",
        "npm",
        "npm run",
        "./npm.sh run x",
        "env -C api npm run deploy:switch-blue",
    ] {
        let words: Vec<&str> = command.split(' ').collect();
        assert_eq!(project.told(&words, ""), "-", "{command}");
    }
    assert_eq!(project.told(&["npm", "run", "start"], ""), "ok package.json", "npm has one of its own");
}

#[test]
fn a_package_that_cannot_be_read_is_told() {
    let project = Project::new();
    fs::write(project.path("package.json"), "{").unwrap();
    assert!(project.told(&["npm", "run", "x"], "").starts_with("`package.json` cannot be read: EOF"));
    fs::write(project.path("package.json"), "{}").unwrap();
    assert_eq!(project.told(&["npm", "run", "x"], ""), "`package.json` has no script `x`; it has none");
    let many: Vec<String> = (10..30).map(|number| format!("\"s{number}\":\"x\"")).collect();
    fs::write(project.path("package.json"), format!("{{\"scripts\":{{{}}}}}", many.join(","))).unwrap();
    assert!(project.told(&["npm", "run", "x"], "").ends_with("`s16`, `s17`"));
}
